import { userDeleted } from "@trivet/contracts";
import { on } from "../deps.ts";
import { eraseProfile } from "../profiles/erase-profile.ts";

/** Erases the user. Needs no inbox: a repeat finds nothing left to erase, or finishes what was cut short. */
export const onUserDeleted = on(userDeleted, async (deps, { userId }) => {
  await eraseProfile(deps, userId);
});
