import { TrivetError } from "@trivet/platform";
import { brakeConfirmation } from "../brakes/brakes.ts";
import { type Deps, engineOf } from "../deps.ts";
import { findUser } from "../queries/users.ts";
import { assertSecondFactor, type Entry } from "../sessions/login.ts";
import { answerWithTokens, type UserAgent } from "../sessions/open-session.ts";
import type { User } from "../tables.ts";
import { enterWithIdentity, openIdentitySession } from "./enter-with-identity.ts";
import { Provider } from "./provider.ts";
import { providerNamed } from "./providers.ts";

/** What can be exchanged for a session. */
export type Exchange = { secondFactor: string | undefined } & (
  | { kind: "login-code"; code: string }
  | { kind: "id-token"; provider: string; idToken: string; nonce: string | undefined }
  | {
      kind: "code";
      provider: string;
      code: string;
      codeVerifier: string;
      redirectUri: string;
      nonce: string | undefined;
    }
);

/** How long a one-time code is good again after a wrong second factor. */
const retrySeconds = 120;
const idTokenSeconds = 24 * 3_600;

/**
 * Opens a session for the one-time code of a redirect, or for what a native client got from a
 * provider itself: an authorization code with its PKCE verifier, or an id token. Each is good once.
 *
 * Throws `unauthenticated`, `second_factor_required`, `rate_limited`, and what `enterWithIdentity` throws.
 */
export async function exchangeSession(deps: Deps, exchange: Exchange, userAgent: UserAgent): Promise<Entry> {
  const user = await ownerOf(deps, exchange);
  if (user.twoFactorEnabled) {
    try {
      const brake = await brakeConfirmation(deps, user.id);
      await assertSecondFactor(deps, user.id, exchange.secondFactor);
      await brake.release();
    } catch (error) {
      if (exchange.kind === "login-code") {
        await engineOf(deps, deps.db).storeToken("login-code", exchange.code, user.id, retrySeconds);
      }
      throw error;
    }
  }
  const opened = await openIdentitySession(deps, { userId: user.id, secondFactor: user.twoFactorEnabled }, userAgent);
  return { user: opened.user, tokens: await answerWithTokens(deps, opened) };
}

async function ownerOf(deps: Deps, exchange: Exchange): Promise<User> {
  if (exchange.kind === "login-code") {
    const userId = await engineOf(deps, deps.db).consumeToken("login-code", exchange.code);
    const user = userId === undefined ? undefined : await findUser(deps.db, userId);
    if (user) return user;
    throw new TrivetError("unauthenticated", "The code is unknown, used or too old. Log in again.");
  }
  const provider = new Provider(deps, providerNamed(deps, exchange.provider));
  if (exchange.kind === "code") {
    const identity = await provider.exchangeCode({
      parameters: await provider.readBareCode(exchange.code),
      redirectUri: exchange.redirectUri,
      codeVerifier: exchange.codeVerifier,
      nonce: exchange.nonce,
    });
    return await enterWithIdentity(deps, exchange.provider, identity);
  }
  if (!("issuer" in provider.setting)) {
    throw new TrivetError("unprocessable", `${exchange.provider} has no id tokens; send a code.`);
  }
  const identity = await provider.acceptIdToken(exchange.idToken, exchange.nonce);
  // Without the signature, of which several spellings verify.
  const signed = exchange.idToken.slice(0, exchange.idToken.lastIndexOf("."));
  if (!(await engineOf(deps, deps.db).reserve(`id-token ${signed}`, idTokenSeconds))) {
    throw new TrivetError("unauthenticated", "This id token has been used already.");
  }
  return await enterWithIdentity(deps, exchange.provider, identity);
}
