import { hostLog } from "../logs/index.ts";

const interrupted = 130;
const failed = 1;

// One Ctrl-C under npm arrives twice: from the terminal, and from npm, which hands its own on.
const echo = 1_000;

/**
 * Stops the process in good order on SIGTERM or SIGINT, and at once when asked again. A fault that
 * nobody caught leaves the process in a state nobody knows: it is logged, what is under way is finished,
 * and the exit code tells the supervisor to start anew. `stop` says whether it got everything done.
 * The result does the same for reasons of the caller's, and nothing where the process is stopping already.
 */
export function exitInGoodOrder(stop: () => Promise<boolean>): (code: number) => void {
  let stopping: number | undefined;
  const leave = (code: number): void => {
    if (stopping !== undefined) return;
    stopping = performance.now();
    hostLog.info("Stopping: what is under way is finished first");
    stop().then(
      (finished) => process.exit(finished ? code : failed),
      () => process.exit(failed),
    );
  };
  const onSignal = (): void => {
    if (stopping !== undefined && performance.now() - stopping > echo) process.exit(interrupted);
    leave(0);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  const onFault = (error: unknown): void => {
    hostLog.fatal("An error that nobody caught stops this process", { error });
    leave(failed);
  };
  process.on("uncaughtException", onFault);
  process.on("unhandledRejection", onFault);
  return leave;
}
