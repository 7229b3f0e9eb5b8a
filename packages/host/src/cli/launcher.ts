import { isAlive } from "../is-alive.ts";

const launcher = Number(process.env.TRIVET_LAUNCHER ?? Number.NaN);
// It is about this process, not about those that it starts.
delete process.env.TRIVET_LAUNCHER;

const interval = 500;

/**
 * Calls `leave` when the shell through which npm started this process is gone. npm hands SIGTERM on to that
 * shell, which dies of it without telling anybody: the port would stay taken by what nobody knows to end.
 */
export function leaveWithLauncher(leave: () => void): void {
  if (Number.isNaN(launcher)) return;
  const watching = setInterval(() => {
    if (isAlive(launcher)) return;
    clearInterval(watching);
    leave();
  }, interval);
  watching.unref();
}
