import type { AuthenticationResponseJSON } from "@simplewebauthn/server";
import { databaseFault } from "@trivet/db";
import { TrivetError } from "@trivet/platform";
import { base64url } from "jose";
import { type Deps, engineOf } from "../deps.ts";
import { findPasskey, notePasskeyUse, type PasskeyRow } from "../queries/passkeys.ts";
import { relyingParty } from "./relying-party.ts";
import { webauthn } from "./webauthn.ts";

/** What a challenge to show a passkey stands for: worthless for making one. */
export const showing = "login";

/** The passkey that has answered a challenge of ours, which is used up. Throws `invalid_credentials`. */
export async function acceptPasskey(deps: Deps, response: AuthenticationResponseJSON): Promise<PasskeyRow> {
  const passkey = await findPasskey(deps.db, response.id);
  const counter = passkey && (await verify(deps, passkey, response));
  const noted = counter !== undefined && (await notePasskeyUse(deps.db, passkey?.id ?? "", counter, new Date()));
  if (passkey && noted) return passkey;
  throw new TrivetError("invalid_credentials", "The passkey is unknown here, or its answer does not verify.");
}

/** The authenticator's counter when the answer is good, else undefined. */
async function verify(
  deps: Deps,
  passkey: PasskeyRow,
  response: AuthenticationResponseJSON,
): Promise<number | undefined> {
  const { id, origin } = relyingParty(deps);
  const owner = base64url.encode(passkey.userId);
  if (response.response.userHandle !== undefined && response.response.userHandle !== owner) return undefined;
  const { verifyAuthenticationResponse } = await webauthn();
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: async (challenge) =>
        (await engineOf(deps, deps.db).consumeToken("passkey", challenge)) === showing,
      expectedOrigin: origin,
      expectedRPID: id,
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(base64url.decode(passkey.publicKey)),
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
