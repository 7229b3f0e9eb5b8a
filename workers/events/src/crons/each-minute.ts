import type { Deps } from "../deps.ts";
import { runReplays } from "../replay/run-replays.ts";
import { sweepOutbox } from "./sweep-outbox.ts";

/** What is left to be sent: of what was announced here, and of replays. A repeat goes on where the last run stopped. */
export async function eachMinute(deps: Deps): Promise<void> {
  await sweepOutbox(deps);
  await runReplays(deps);
}
