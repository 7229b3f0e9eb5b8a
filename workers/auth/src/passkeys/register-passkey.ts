import type { RegistrationResponseJSON } from "@simplewebauthn/server";
import { databaseFault, isUniqueViolation, transaction } from "@trivet/db";
import { newId, TrivetError, type UserActor } from "@trivet/platform";
import { base64url } from "jose";
import { type Deps, engineOf } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { confirmIdentity, type Proof } from "../passwords/confirm-identity.ts";
import { countPasskeys, insertPasskey, listPasskeys, type PasskeyRow } from "../queries/passkeys.ts";
import { lockUser } from "../queries/users.ts";
import { ownSession, requireOwnSession } from "../sessions/require-session.ts";
import { ceremonySeconds, relyingParty } from "./relying-party.ts";
import { webauthn } from "./webauthn.ts";

const mostPasskeys = 20;

/** What a challenge to make a passkey stands for: worthless for a login, and for anybody else. */
const purposeOf = (userId: string): string => `register ${userId}`;

/**
 * What the browser hands to `navigator.credentials.create`. The passkey will be as good as password
 * and second factor, so its owner shows once more who they are. Throws
 * `confirmation_required`, `invalid_credentials`.
 */
export async function beginPasskey(deps: Deps, actor: UserActor, proof: Proof) {
  const live = await requireOwnSession(deps, actor);
  const { user } = live;
  await confirmIdentity(deps, live, proof);
  const { generateRegistrationOptions } = await webauthn();
  const options = await generateRegistrationOptions({
    rpName: "Trivet",
    rpID: relyingParty(deps).id,
    userName: user.username,
    userDisplayName: user.name,
    userID: new TextEncoder().encode(user.id),
    timeout: ceremonySeconds * 1_000,
    attestationType: "none",
    excludeCredentials: (await listPasskeys(deps.db, user.id)).map(({ credentialId }) => ({ id: credentialId })),
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
  await engineOf(deps, deps.db).storeToken("passkey", options.challenge, purposeOf(user.id), ceremonySeconds);
  return options;
}

/** Stores the passkey that answers the challenge. Throws `unprocessable`, and `conflict` for a known one. */
export async function finishPasskey(
  deps: Deps,
  actor: UserActor,
  { name, response }: { name: string; response: RegistrationResponseJSON },
): Promise<PasskeyRow> {
  const { user } = await requireOwnSession(deps, actor);
  const { credential } = await verify(deps, user.id, response);
  const passkey = await transaction(deps.db, async (tx) => {
    await lockUser(tx, user.id);
    // Ended meanwhile, by a reset perhaps, it leaves no way in behind.
    await ownSession(tx, { userId: user.id, sessionId: actor.sessionId });
    if ((await countPasskeys(tx, user.id)) >= mostPasskeys) {
      throw new TrivetError("unprocessable", `An account may have ${mostPasskeys} passkeys. Delete one first.`);
    }
    return await insertPasskey(tx, {
      id: newId(),
      userId: user.id,
      name,
      credentialId: credential.id,
      publicKey: base64url.encode(credential.publicKey),
      counter: credential.counter,
      transports: response.response.transports ?? [],
    });
  }).catch((error: unknown) => {
    if (isUniqueViolation(error, "passkeys_credential_key"))
      throw new TrivetError("conflict", "This passkey is known.");
    throw error;
  });
  notify(deps, user.id, "passkey.added");
  return passkey;
}

async function verify(deps: Deps, userId: string, response: RegistrationResponseJSON) {
  const { id, origin } = relyingParty(deps);
  const { verifyRegistrationResponse } = await webauthn();
  try {
    const { registrationInfo } = await verifyRegistrationResponse({
      response,
      expectedChallenge: async (challenge) =>
        (await engineOf(deps, deps.db).consumeToken("passkey", challenge)) === purposeOf(userId),
      expectedOrigin: origin,
      expectedRPID: id,
      requireUserVerification: true,
    });
    if (registrationInfo) return registrationInfo;
  } catch (error) {
    if (databaseFault(error)) throw error;
    throw new TrivetError("unprocessable", "The passkey could not be verified. Begin again.", { cause: error });
  }
  throw new TrivetError("unprocessable", "The passkey could not be verified. Begin again.");
}
