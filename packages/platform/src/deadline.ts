import { TrivetError } from "./errors.ts";

/**
 * Settles as `work` does, or rejects with `deadline_exceeded` when the time is up first. The work may
 * still be going on then: `onLate` is where it is told to stop.
 */
export async function beforeDeadline<T>(work: Promise<T>, deadline: number, onLate?: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const end = (): void => {
      reject(new TrivetError("deadline_exceeded"));
      onLate?.();
    };
    timer = setTimeout(end, Math.max(0, deadline - Date.now()));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
