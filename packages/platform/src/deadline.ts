import { TrivetError } from "./errors.ts";

/**
 * Settles as `work` does, or rejects with `deadline_exceeded` when the time is up first. The work may
 * still be going on then: `onLate` is where it is told to stop.
 */
export function beforeDeadline<T>(work: Promise<T>, deadline: number, onLate?: () => void): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      reject(new TrivetError("deadline_exceeded"));
      onLate?.();
    };
    const timer = setTimeout(end, Math.max(0, deadline - Date.now()));
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (fault: unknown) => {
        clearTimeout(timer);
        reject(fault);
      },
    );
  });
}
