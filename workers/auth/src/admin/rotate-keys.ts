import type { UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { forgetKeyring } from "../keys/keyring.ts";
import { makeSigningKey, type PlacedKey, placeSigningKey } from "../keys/rotate-signing-keys.ts";
import { audited } from "./audited.ts";

/** Publishes the next signing key. It signs a few minutes later, when everybody has fetched it. */
export async function rotateKeys(deps: Deps, actor: UserActor): Promise<PlacedKey> {
  const key = await makeSigningKey(deps);
  const act = { action: "keys.rotate", subjectId: "signing-keys" } as const;
  const placed = await audited(deps, actor, act, (tx) => placeSigningKey(tx, key));
  forgetKeyring(deps);
  return placed;
}
