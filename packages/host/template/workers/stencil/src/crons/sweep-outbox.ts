import { sendOff } from "@trivet/db";
import { dispatchOf } from "../announcing.ts";
import type { Deps } from "../deps.ts";

/** Sends what a crash, or an outage of the queue, has left behind. A repeat finds nothing left to send. */
export async function sweepOutbox(deps: Deps): Promise<void> {
  await sendOff(dispatchOf(deps));
}
