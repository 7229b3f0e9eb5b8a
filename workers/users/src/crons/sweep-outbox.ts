import { sendOff } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { dispatchOf } from "../events/announcing.ts";

/** Delivers what a crash, or a subscriber that was down, has left behind. A repeat finds nothing left to deliver. */
export async function sweepOutbox(deps: Deps): Promise<void> {
  await sendOff(dispatchOf(deps));
}
