import { TrivetError } from "@trivet/platform";
import { brakeConfirmation } from "../brakes/brakes.ts";
import { type Deps, engineOf } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { findUser } from "../queries/users.ts";
import { identityKey, type Key, openSessionWith } from "../sessions/enter-account.ts";
import { assertSecondFactor, type Entry } from "../sessions/login.ts";
import { readLoginCode, type ShownCode, spendLoginCode } from "../sessions/login-code.ts";
import { answerWithTokens, type UserAgent } from "../sessions/open-session.ts";
import type { User } from "../tables.ts";
import { enterWithIdentity } from "./enter-with-identity.ts";
import { Provider } from "./provider.ts";
import { providerNamed } from "./providers.ts";
import type { Identity } from "./user-info.ts";

/** What can be exchanged for a session. */
export type Exchange = { secondFactor: string | undefined } & (
  | ({ kind: "login-code" } & ShownCode)
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

const idTokenSeconds = 24 * 3_600;

/**
 * Opens a session for the one-time code of a redirect, or for what a native client got from a
 * provider itself: an authorization code with its PKCE verifier, or an id token. Each is good once; a
 * one-time code stays good until the second factor beside it is right.
 *
 * Throws `unauthenticated`, `second_factor_required`, `rate_limited`, and what `enterWithIdentity` throws.
 */
export async function exchangeSession(deps: Deps, exchange: Exchange, userAgent: UserAgent): Promise<Entry> {
  await assertCanSign(deps);
  const { user, key } =
    exchange.kind === "login-code" ? await ownerOfCode(deps, exchange) : await ownerAt(deps, exchange);
  if (user.twoFactorEnabled) {
    const brake = await brakeConfirmation(deps, user.id);
    await assertSecondFactor(deps, user.id, exchange.secondFactor);
    await brake.release();
  }
  const opened = await openSessionWith(deps, { ...key, secondFactor: user.twoFactorEnabled }, userAgent);
  return { user: opened.user, tokens: await answerWithTokens(deps, opened) };
}

interface Owner {
  user: User;
  key: Key;
}

async function ownerOfCode(deps: Deps, shown: ShownCode): Promise<Owner> {
  const userId = await readLoginCode(engineOf(deps, deps.db), shown);
  const user = userId === undefined ? undefined : await findUser(deps.db, userId);
  if (user) return { user, key: { userId: user.id, holds: (tx) => spendLoginCode(engineOf(deps, tx), shown) } };
  throw new TrivetError(
    "unauthenticated",
    "The code is unknown, used, too old, or was bound to another `code_verifier` or to none. Log in again.",
  );
}

type ProviderExchange = Exclude<Exchange, { kind: "login-code" }>;

async function ownerAt(deps: Deps, exchange: ProviderExchange): Promise<Owner> {
  const identity = await identityOf(deps, exchange);
  const user = await enterWithIdentity(deps, exchange.provider, identity);
  return { user, key: identityKey(user.id, exchange.provider, identity.subject) };
}

async function identityOf(deps: Deps, exchange: ProviderExchange): Promise<Identity> {
  const provider = new Provider(deps, providerNamed(deps, exchange.provider));
  if (exchange.kind === "code") {
    return await provider.exchangeCode({
      parameters: await provider.readBareCode(exchange.code),
      redirectUri: exchange.redirectUri,
      codeVerifier: exchange.codeVerifier,
      nonce: exchange.nonce,
    });
  }
  if (!("issuer" in provider.setting)) {
    throw new TrivetError("unprocessable", `${exchange.provider} has no id tokens; send a code.`);
  }
  const identity = await provider.acceptIdToken(exchange.idToken, exchange.nonce);
  // Without the signature, of which several spellings verify.
  const signed = exchange.idToken.slice(0, exchange.idToken.lastIndexOf("."));
  if (await engineOf(deps, deps.db).reserve(`id-token ${signed}`, idTokenSeconds)) return identity;
  throw new TrivetError("unauthenticated", "This id token has been used already.");
}
