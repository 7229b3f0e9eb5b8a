/** What services themselves find wrong with their variables: each sentence, and who says it. */
export type ServiceFaults = Map<string, string[]>;

/**
 * The host's faults, then those of services about variables of which nothing has been said: each variable
 * once, however many services have it. `told` names variables that the host's sentences are about.
 */
export function joinFaults(
  own: readonly string[],
  ofServices: ReadonlyMap<string, readonly string[]>,
  told: Iterable<string>,
): string[] {
  const known = new Set([...told, ...own.map(variableIn)]);
  const all = new Set(own);
  for (const [fault, services] of ofServices) {
    const name = variableIn(fault);
    if (name !== undefined && known.has(name)) continue;
    known.add(name);
    all.add(`${services.join(", ")}: ${fault}`);
  }
  return [...all];
}

/** A sentence about a variable begins with its name. */
const variableIn = (fault: string): string | undefined => /^[A-Z][A-Z0-9_]+(?= )/.exec(fault)?.[0];
