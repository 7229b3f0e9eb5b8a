import { userDeleted } from "@trivet/contracts";
import { on } from "../deps.ts";
import { insertErasure } from "../queries/erasures.ts";
import { storeEnvelope } from "./count-event.ts";

/** Asks for the user's events to become nobody's, and counts the event itself as such. A repeat asks for the same. */
export const onUserDeleted = on(userDeleted, async (deps, { userId }, envelope) => {
  await insertErasure(deps.db, userId, crypto.randomUUID());
  await storeEnvelope(deps, envelope, null);
});
