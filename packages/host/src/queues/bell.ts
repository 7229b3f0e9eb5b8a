/** What wakes whoever waits for messages. Rung while nobody waits, it is heard by the next who does. */
export interface Bell {
  /** Forgets what was rung before: the caller is about to look for himself. */
  hush(): void;
  ring(): void;
  /** Resolves when it has been rung since `hush`, or `signal` is aborted. */
  rung(signal: AbortSignal): Promise<void>;
}

export function createBell(): Bell {
  let heard = false;
  let wake = (): void => {};
  return {
    hush() {
      heard = false;
    },
    ring() {
      heard = true;
      wake();
    },
    rung(signal) {
      if (heard || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        wake = () => {
          signal.removeEventListener("abort", wake);
          wake = () => {};
          resolve();
        };
        signal.addEventListener("abort", wake, { once: true });
      });
    },
  };
}
