export interface Deployable {
  name: string;
  /** The Workers it is bound to. */
  needs: readonly string[];
}

export interface DeployStep {
  name: string;
  /** Workers it will be bound to by a later step, because they do not exist yet. */
  without: string[];
}

/**
 * The order in which Workers can be deployed. Cloudflare refuses a binding to a Worker that does not
 * exist, so whoever is needed comes first. Where two new Workers need each other, one of them is
 * deployed without the binding first, and again with it as soon as the other exists.
 */
export function deploySteps(workers: readonly Deployable[], existing: ReadonlySet<string>): DeployStep[] {
  const byName = new Map(workers.map((worker) => [worker.name, worker]));
  const steps: DeployStep[] = [];
  const begun = new Set<string>();
  const there = new Set(existing);
  const waiting = new Set<string>();

  const emit = (worker: Deployable) => {
    const without = worker.needs.filter((need) => !there.has(need));
    steps.push({ name: worker.name, without });
    there.add(worker.name);
    if (without.length > 0) waiting.add(worker.name);
    else waiting.delete(worker.name);
    for (const name of waiting) {
      const waiter = byName.get(name);
      if (waiter?.needs.every((need) => there.has(need))) emit(waiter);
    }
  };
  const visit = (name: string, neededBy: string) => {
    const worker = byName.get(name);
    if (!worker)
      throw new Error(`${neededBy} is bound to ${name}, which no wrangler.toml of this repository describes.`);
    if (begun.has(name)) return;
    begun.add(name);
    for (const need of worker.needs) visit(need, name);
    emit(worker);
  };
  for (const worker of workers) visit(worker.name, worker.name);
  return steps;
}
