import { vi } from "vitest";

/** From now on the clock and the timers stand still until they are told to go on; `vi.useRealTimers()` ends it. */
export const stopTheClock = (now = Date.now()) =>
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now });

/** Resolves when it holds, while a stopped clock stays stopped (`expect.poll` would move it); the test's own limit ends the wait. */
export async function comesTrue(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
