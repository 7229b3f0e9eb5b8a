import { userDeleted } from "@trivet/contracts";
import { on } from "../deps.ts";
import { eraseItems } from "../items/erase-items.ts";

/** Erases what is kept of the user. Needs no inbox: a repeat finds nothing left to erase, and nothing can come after it. */
export const onUserDeleted = on(userDeleted, async (deps, { userId }) => {
  await eraseItems(deps, userId);
});
