/** A budget of time that several steps of a shutdown share. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** What `work` resolves with, or undefined where the budget ran out first. */
  bound<T>(work: Promise<T>): Promise<T | undefined>;
}

export function startDeadline(milliseconds: number): Deadline {
  const controller = new AbortController();
  const { signal } = controller;
  const timer = setTimeout(() => controller.abort(), milliseconds);
  return {
    signal,
    bound: (work) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => resolve(undefined);
        if (signal.aborted) onAbort();
        signal.addEventListener("abort", onAbort, { once: true });
        work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
      }),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
