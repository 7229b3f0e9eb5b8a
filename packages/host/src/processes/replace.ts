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
  let member: Member | undefined;
  const begin = (): Member => {
    const begun = fork(number);
    member = begun;
    void begun.ended.then((ending) => {
      member = undefined;
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
    pause = setTimeout(begin, quick === 0 ? 0 : firstPause * 2 ** (quick - 1));
  };
  const first = begin().ready.then((serves) => {
    if (!serves) throw new ProcessesError(`Process ${number} ended before it served; what it wrote above says why.`);
    served = true;
  });
  return {
    first,
    async leave() {
      leaving = true;
      clearTimeout(pause);
      member?.leave();
      return member === undefined || (await member.ended).clean;
    },
    kill: () => member?.kill(),
  };
}
