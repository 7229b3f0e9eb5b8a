import type { InvocationContext, Logger } from "@trivet/platform";

/** The work that services of this process handed to `waitUntil` and that is not done yet. */
export interface Background {
  readonly size: number;
  contextOf(service: string, log: Logger): InvocationContext;
  /** Resolves when nothing is left, work that other background work started included. */
  settled(): Promise<void>;
}

export function trackBackground(): Background {
  const running = new Set<Promise<unknown>>();
  return {
    get size() {
      return running.size;
    },
    // One context serves all invocations of a service: it holds nothing of a single one.
    contextOf: (service, log) => ({
      waitUntil(promise) {
        const guarded: Promise<unknown> = promise.then(
          () => running.delete(guarded),
          (error: unknown) => {
            running.delete(guarded);
            log.error("Background work of {service} failed", { service, error });
          },
        );
        running.add(guarded);
      },
    }),
    async settled() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
