import { sendOff } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { dispatchOf } from "../events/announcing.ts";

/** Sends what a crash, or an outage of the queue, has left behind. A repeat finds nothing left to send. */
export async function sweepOutbox(deps: Deps): Promise<void> {
  await sendOff(dispatchOf(deps));
}
