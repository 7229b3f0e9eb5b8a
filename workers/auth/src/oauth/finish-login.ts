import { sameSecret, sha256, TrivetError } from "@trivet/platform";
import { type Deps, engineOf } from "../deps.ts";
import type { Entry } from "../sessions/login.ts";
import { answerWithTokens, type UserAgent } from "../sessions/open-session.ts";
import { enterWithIdentity, openIdentitySession } from "./enter-with-identity.ts";
import { Provider } from "./provider.ts";
import { providerNamed } from "./providers.ts";
import { callbackUrl, takePendingLogin } from "./start-login.ts";

/** Seconds a page has to trade the code in its address for tokens. */
const codeSeconds = 120;

export interface Callback {
  provider: string;
  parameters: URLSearchParams;
  /** The cookie that `startLogin` was given. */
  browser: string | undefined;
  userAgent: UserAgent;
}

/** Tokens, or where to send the browser with a one-time code. */
export type FinishedLogin = Entry | { location: string };

/**
 * What happens when the provider has sent the browser back. Only the browser that started the login
 * may finish it, once: otherwise an attacker could log a victim into the attacker's account.
 *
 * Throws `malformed_request` for a state that is not this browser's, `unauthenticated` for anything
 * wrong with the provider's answer, and what `enterWithIdentity` throws.
 */
export async function finishLogin(deps: Deps, callback: Callback): Promise<FinishedLogin> {
  const { parameters, browser, userAgent } = callback;
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
  const user = await enterWithIdentity(deps, pending.provider, identity);
  if (pending.returnTo === null) {
    if (user.twoFactorEnabled) {
      throw new TrivetError(
        "second_factor_required",
        "Start again with `return_to`, then send its code and your second factor to POST /auth/session.",
      );
    }
    const opened = await openIdentitySession(deps, { userId: user.id, secondFactor: false }, userAgent);
    return { user: opened.user, tokens: await answerWithTokens(deps, opened) };
  }
  const location = new URL(pending.returnTo);
  location.searchParams.set("code", await engineOf(deps, deps.db).issueToken("login-code", user.id, codeSeconds));
  return { location: location.href };
}
