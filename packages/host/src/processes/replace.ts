import { hostLog } from "../logs/index.ts";
import { ProcessesError } from "./errors.ts";
import type { Ending, Member } from "./fork.ts";

/** One who has served that long did not die of how it was started. */
const settled = 5_000;
const quickDeaths = 5;
const firstPause = 100;

/** One number among the processes: whoever has it at the moment. */
export interface Place {
  /** Resolves when its first process serves; rejects when that one ended before. */
  first: Promise<void>;
  /**
   * Puts another process in the place of one that serves: first the other serves, then the former drains, for so many
   * milliseconds at most. Resolves to whether the other came to serve; else the former stays.
   */
  renew(patience: number): Promise<boolean>;
  /** Lets its process drain, whom nobody replaces any more; resolves to whether all that it had begun got done. */
  leave(): Promise<boolean>;
  kill(): void;
}

/**
 * Puts another process in the place of one that died: at once where that one had served for a while, else
 * after a pause that doubles. Where one after the other dies quickly, going on helps nobody, and `giveUp` is called.
 */
export function keepPlace(number: number, fork: (number: number) => Member, giveUp: () => void): Place {
  let leaving = false;
  let served = false;
  let quick = 0;
  let pause: NodeJS.Timeout | undefined;
  let holder: Member | undefined;
  /** The holder, and while the place changes hands another one. */
  const alive = new Set<Member>();
  const begin = (): Member => {
    const begun = fork(number);
    alive.add(begun);
    void begun.ended.then((ending) => {
      alive.delete(begun);
      if (holder !== begun) return;
      holder = undefined;
      if (served && !leaving) replace(begun, ending);
    });
    return begun;
  };
  const replace = ({ pid }: Member, { how, served: time }: Ending): void => {
    quick = time < settled ? quick + 1 : 0;
    const said = { number, pid, how };
    if (quick === quickDeaths) {
      hostLog.fatal(
        "Process {number} ended with {how}, as its predecessors did soon after their start: giving up",
        said,
      );
      giveUp();
      return;
    }
    hostLog.error("Process {number} ended with {how}; another takes its place", said);
    pause = setTimeout(
      () => {
        holder = begin();
      },
      quick === 0 ? 0 : firstPause * 2 ** (quick - 1),
    );
  };
  holder = begin();
  const first = holder.ready.then((serves) => {
    if (!serves) throw new ProcessesError(`Process ${number} ended before it served; what it wrote above says why.`);
    served = true;
  });
  return {
    first,
    async renew(patience) {
      const former = holder;
      // One that died meanwhile is followed by a new one anyway.
      if (leaving || !former) return true;
      const next = begin();
      const serves = await next.ready;
      if (!serves) return false;
      if (leaving || holder !== former) {
        next.leave();
        return true;
      }
      holder = next;
      const late = setTimeout(() => former.kill(), patience);
      former.leave();
      await former.ended;
      clearTimeout(late);
      return true;
    },
    async leave() {
      leaving = true;
      clearTimeout(pause);
      for (const member of alive) member.leave();
      const endings = await Promise.all([...alive].map(({ ended }) => ended));
      return endings.every(({ clean }) => clean);
    },
    kill() {
      for (const member of alive) member.kill();
    },
  };
}
