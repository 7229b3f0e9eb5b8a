import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import type { Transaction } from "@trivet/db";
import { brakeAddress } from "../brakes/brakes.ts";
import { type Deps, engineOf } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { findPasskey } from "../queries/passkeys.ts";
import { openSessionWith } from "../sessions/enter-account.ts";
import type { Entry, Origin } from "../sessions/login.ts";
import { answerWithTokens } from "../sessions/open-session.ts";
import { acceptPasskey, showing } from "./accept-passkey.ts";
import { ceremonySeconds, relyingParty } from "./relying-party.ts";
import { webauthn } from "./webauthn.ts";

/** What the browser hands to `navigator.credentials.get`. It names no account: the authenticator knows its own. */
export async function beginPasskeyLogin(deps: Deps) {
  const { generateAuthenticationOptions } = await webauthn();
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(deps).id,
    timeout: ceremonySeconds * 1_000,
    userVerification: "required",
  });
  await engineOf(deps, deps.db).storeToken("passkey", options.challenge, showing, ceremonySeconds);
  return options;
}

/**
 * Opens a session for whoever holds a passkey. The authenticator has verified its user, so it is two
 * factors in one and no code is asked for.
 *
 * Throws `invalid_credentials`, `rate_limited`, and `forbidden` for a banned account.
 */
export async function loginWithPasskey(
  deps: Deps,
  response: AuthenticationResponseJSON,
  origin: Origin,
): Promise<Entry> {
  await assertCanSign(deps);
  await brakeAddress(deps, origin.address);
  const { id, userId } = await acceptPasskey(deps, response);
  const holds = async (tx: Transaction) => (await findPasskey(tx, response.id))?.id === id;
  const opened = await openSessionWith(deps, { userId, holds, secondFactor: true }, origin.userAgent);
  return { user: opened.user, tokens: await answerWithTokens(deps, opened) };
}
