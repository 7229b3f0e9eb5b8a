import { sha256, TrivetError } from "@trivet/platform";
import { isBanned } from "../admin/is-banned.ts";
import type { Deps } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { useApiKey } from "../queries/api-keys.ts";
import { accessTokenSeconds } from "../sessions/lifetime.ts";
import { mintAccessToken } from "../tokens/access-token.ts";

/** An access token for what the key may do, which ends no later than the key. Throws `unauthenticated` for a key that is none, or not any more. */
export async function exchangeKey(deps: Deps, key: string): Promise<{ access_token: string; expires_in: number }> {
  await assertCanSign(deps);
  const now = new Date();
  const found = await useApiKey(deps.db, sha256(key), now);
  if (!found || isBanned(found.user)) throw new TrivetError("unauthenticated", "The API key is not valid.");
  const { user, key: row } = found;
  const left = row.expiresAt === null ? accessTokenSeconds : (row.expiresAt.getTime() - now.getTime()) / 1_000;
  const seconds = Math.max(1, Math.min(accessTokenSeconds, Math.floor(left)));
  const token = await mintAccessToken(deps, { user, sessionId: row.id, scopes: row.scopes ?? undefined, seconds });
  return { access_token: token, expires_in: seconds };
}
