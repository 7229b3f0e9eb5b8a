import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  verifyAuthenticationResponse,
} from "@simplewebauthn/server";
import { databaseFault, type Transaction } from "@trivet/db";
import { TrivetError } from "@trivet/platform";
import { brakeAddress } from "../brakes/brakes.ts";
import { type Deps, engineOf } from "../deps.ts";
import { findPasskey, notePasskeyUse, type PasskeyRow } from "../queries/passkeys.ts";
import { openSessionWith } from "../sessions/enter-account.ts";
import type { Entry, Origin } from "../sessions/login.ts";
import { answerWithTokens } from "../sessions/open-session.ts";
import { fromBase64Url, toBase64Url } from "../tokens/random-token.ts";
import { ceremonySeconds, relyingParty } from "./relying-party.ts";

const purpose = "login";

/** What the browser hands to `navigator.credentials.get`. It names no account: the authenticator knows its own. */
export async function beginPasskeyLogin(deps: Deps) {
  const options = await generateAuthenticationOptions({
    rpID: relyingParty(deps).id,
    timeout: ceremonySeconds * 1_000,
    userVerification: "required",
  });
  await engineOf(deps, deps.db).storeToken("passkey", options.challenge, purpose, ceremonySeconds);
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
  await brakeAddress(deps, origin.address);
  const passkey = await findPasskey(deps.db, response.id);
  const counter = passkey && (await verify(deps, passkey, response));
  if (passkey === undefined || counter === undefined || !(await noteUse(deps, passkey, counter))) {
    throw new TrivetError("invalid_credentials", "The passkey is unknown here, or its answer does not verify.");
  }
  const { id, userId } = passkey;
  const holds = async (tx: Transaction) => (await findPasskey(tx, response.id))?.id === id;
  const opened = await openSessionWith(deps, { userId, holds, secondFactor: true }, origin.userAgent);
  return { user: opened.user, tokens: await answerWithTokens(deps, opened) };
}

const noteUse = (deps: Deps, { id }: PasskeyRow, counter: number): Promise<boolean> =>
  notePasskeyUse(deps.db, id, counter, new Date());

/** The authenticator's counter when the answer is good, else undefined. */
async function verify(
  deps: Deps,
  passkey: PasskeyRow,
  response: AuthenticationResponseJSON,
): Promise<number | undefined> {
  const { id, origin } = relyingParty(deps);
  const owner = toBase64Url(new TextEncoder().encode(passkey.userId));
  if (response.response.userHandle !== undefined && response.response.userHandle !== owner) return undefined;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: async (challenge) =>
        (await engineOf(deps, deps.db).consumeToken("passkey", challenge)) === purpose,
      expectedOrigin: origin,
      expectedRPID: id,
      credential: {
        id: passkey.credentialId,
        publicKey: fromBase64Url(passkey.publicKey),
        counter: passkey.counter,
      },
      requireUserVerification: true,
    });
    return verified ? authenticationInfo.newCounter : undefined;
  } catch (error) {
    if (databaseFault(error)) throw error;
    return undefined;
  }
}
