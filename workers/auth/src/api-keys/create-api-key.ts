import { transaction } from "@trivet/db";
import { newId, sha256, TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { confirmIdentity, type Proof } from "../passwords/confirm-identity.ts";
import { countApiKeys, insertApiKey } from "../queries/api-keys.ts";
import { lockUser } from "../queries/users.ts";
import { showApiKey } from "../schemas.ts";
import { ownSession, requireOwnSession } from "../sessions/require-session.ts";
import { randomToken } from "../tokens/random-token.ts";

const keyPrefix = "tvk_";
const hintLength = keyPrefix.length + 4;
const mostKeys = 100;

export interface NewApiKey {
  name: string;
  /** Undefined means everything its owner may do. */
  scopes: string[] | undefined;
  /** Seconds. */
  expiresIn: number | undefined;
}

type ShownKey = ReturnType<typeof showApiKey> & { key: string };

/**
 * Makes an API key; its text is returned this once and never stored, but for the sealed answer to repeats.
 *
 * The engine's own API keys are a second package whose twenty columns serve per-key quotas; ours need
 * a hash, a scope and an end.
 *
 * A key outlives the session it was made in, so its owner shows once more who they are.
 *
 * Throws `confirmation_required`, `invalid_credentials`, `unprocessable` when the user has too many.
 */
export async function createApiKey(
  deps: Deps,
  actor: UserActor,
  { name, scopes, expiresIn }: NewApiKey,
  proof: Proof,
): Promise<ShownKey> {
  const live = await requireOwnSession(deps, actor);
  const { user } = live;
  await confirmIdentity(deps, live, proof);
  const key = keyPrefix + randomToken();
  const shown = await transaction(deps.db, async (tx) => {
    await lockUser(tx, user.id);
    // A reset that came meanwhile has ended the session, and no key may be made after it.
    await ownSession(tx, { userId: user.id, sessionId: actor.sessionId });
    if ((await countApiKeys(tx, user.id)) >= mostKeys) {
      throw new TrivetError("unprocessable", `An account may have ${mostKeys} API keys. Delete one first.`);
    }
    const row = await insertApiKey(tx, {
      id: newId(),
      userId: user.id,
      name,
      hash: sha256(key),
      hint: key.slice(0, hintLength),
      scopes: scopes ?? null,
      expiresAt: expiresIn === undefined ? null : new Date(Date.now() + expiresIn * 1_000),
    });
    const made = { ...showApiKey(row), key };
    await deps.answers.keep(tx, deps.invocation, made);
    return made;
  });
  notify(deps, user.id, "api-key.made");
  return shown;
}
