import { sameSecret, sha256, TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { identityKey, issueLoginCodeWith, openSessionWith } from "../sessions/enter-account.ts";
import type { Entry } from "../sessions/login.ts";
import { answerWithTokens, type UserAgent } from "../sessions/open-session.ts";
import type { Claimed } from "../sessions/require-session.ts";
import type { Identity as IdentityRow } from "../tables.ts";
import { enterWithIdentity } from "./enter-with-identity.ts";
import { linkIdentity } from "./link-identity.ts";
import { Provider } from "./provider.ts";
import { providerNamed } from "./providers.ts";
import { callbackUrl, type PendingLogin, takePendingLogin } from "./start-login.ts";
import type { Identity } from "./user-info.ts";

export interface Callback {
  provider: string;
  parameters: URLSearchParams;
  /** The cookie that `startLogin` was given. */
  browser: string | undefined;
  userAgent: UserAgent;
}

/** Tokens, the identity that was linked, or where to send the browser instead. */
export type FinishedLogin = { entered: Entry } | { linked: IdentityRow } | { location: string };

/**
 * What happens when the provider has sent the browser back. Only the browser that started the login
 * may finish it, once: otherwise an attacker could log a victim into the attacker's account, or have
 * the victim's identity linked to it.
 *
 * Throws `malformed_request` for a state that is not this browser's, `unauthenticated` for anything
 * wrong with the provider's answer, and what `enterWithIdentity` and `linkIdentity` throw.
 */
export async function finishLogin(deps: Deps, callback: Callback): Promise<FinishedLogin> {
  const { parameters, browser, userAgent } = callback;
  await assertCanSign(deps);
  const state = parameters.get("state") ?? "";
  const pending = await takePendingLogin(deps, state);
  const started = pending?.provider === callback.provider && sameSecret(pending.browser, sha256(browser ?? ""));
  if (!pending || !started) {
    throw new TrivetError(
      "malformed_request",
      "This login was not started in this browser, took too long, or is over.",
    );
  }
  const provider = new Provider(deps, providerNamed(deps, pending.provider));
  const identity = await provider.exchangeCode({
    parameters: await provider.readCallback(parameters, state),
    redirectUri: callbackUrl(deps, pending.provider),
    codeVerifier: pending.codeVerifier,
    nonce: "issuer" in provider.setting ? pending.nonce : undefined,
  });
  return pending.link === null
    ? await enter(deps, pending, identity, userAgent)
    : await link(deps, pending.link, pending, identity);
}

async function enter(
  deps: Deps,
  { provider, returnTo, challenge }: PendingLogin,
  identity: Identity,
  userAgent: UserAgent,
): Promise<FinishedLogin> {
  const user = await enterWithIdentity(deps, provider, identity);
  const key = identityKey(user.id, provider, identity.subject);
  if (returnTo !== null) return backTo(returnTo, "code", await issueLoginCodeWith(deps, key, challenge));
  if (user.twoFactorEnabled) {
    throw new TrivetError(
      "second_factor_required",
      "Start again with `return_to`, then send its code and your second factor to POST /auth/session.",
    );
  }
  const opened = await openSessionWith(deps, { ...key, secondFactor: false }, userAgent);
  return { entered: { user: opened.user, tokens: await answerWithTokens(deps, opened) } };
}

async function link(
  deps: Deps,
  claimed: Claimed,
  { provider, returnTo }: PendingLogin,
  identity: Identity,
): Promise<FinishedLogin> {
  const linked = await linkIdentity(deps, claimed, provider, identity);
  return returnTo === null ? { linked } : backTo(returnTo, "linked", provider);
}

function backTo(returnTo: string, name: string, value: string): { location: string } {
  const location = new URL(returnTo);
  location.searchParams.set(name, value);
  return { location: location.href };
}
