import { TrivetError } from "./errors.ts";

/**
 * Settles as `work` does, or rejects with `deadline_exceeded` when the time is up first. The work may
 * still be going on then: `onLate` is where it is told to stop. A deadline that can move is a function,
 * which is asked again when the time it gave before is up.
 */
export function beforeDeadline<T>(
  work: Promise<T>,
  deadline: number | (() => number),
  onLate?: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const left = (): number => (typeof deadline === "function" ? deadline() : deadline) - Date.now();
    const end = (): void => {
      if (typeof deadline === "function" && left() > 0) {
        timer = setTimeout(end, left());
        return;
      }
      reject(new TrivetError("deadline_exceeded"));
      onLate?.();
    };
    let timer = setTimeout(end, Math.max(0, left()));
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
