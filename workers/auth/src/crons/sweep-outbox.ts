import { sendOff } from "@trivet/db";
import { dispatchOf } from "../accounts/announce.ts";
import type { Deps } from "../deps.ts";

/** Delivers what a crash, or a subscriber that was down, has left behind. A repeat finds nothing left to deliver. */
export async function sweepOutbox(deps: Deps): Promise<void> {
  await sendOff(dispatchOf(deps));
}
