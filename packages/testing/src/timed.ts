import { setTimeout as pause } from "node:timers/promises";

/** What a piece of work came to, and the milliseconds of the machine's time that it took. */
export interface Timed<T> {
  outcome: T;
  milliseconds: number;
}

/** Something small that the machine does at once when it is idle. */
export type Probe = () => PromiseLike<unknown>;

/** The pause of a beat, and what of a beat counts at most, in milliseconds. */
const rest = 10;
const most = 40;

/**
 * How long work takes, by a clock that a busy machine slows down as much as it does the work: it goes by beats of a few
 * milliseconds, in each of which a timer has to fire and `probe` to come back, and a beat that takes longer counts no
 * more than a few of them do. What this process computes meanwhile counts whole, so that work which blocks its event
 * loop is not taken for a machine that stalls. A limit held against this clock needs no second try.
 */
export async function timed<T>(work: () => PromiseLike<T>, probe: Probe = async () => undefined): Promise<Timed<T>> {
  let milliseconds = 0;
  let since = performance.now();
  let computed = process.cpuUsage();
  const count = () => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(computed);
    milliseconds += Math.min(now - since, Math.max(most, (user + system) / 1_000));
    since = now;
    computed = process.cpuUsage();
  };
  let isOver = false;
  const beat = async (): Promise<never> => {
    while (!isOver) {
      await Promise.all([pause(rest), probe()]);
      count();
    }
    return await new Promise(() => undefined);
  };
  const end = () => {
    count();
    isOver = true;
  };
  const outcome = await Promise.race([Promise.resolve(work()).finally(end), beat()]);
  return { outcome, milliseconds };
}
