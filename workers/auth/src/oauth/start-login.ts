import { sha256 } from "@trivet/platform";
import { z } from "zod";
import { type Deps, engineOf } from "../deps.ts";
import { assertMayReturn } from "../sessions/may-return.ts";
import { randomToken } from "../tokens/random-token.ts";
import { seal, unseal } from "../tokens/seal.ts";
import { Provider } from "./provider.ts";
import { providerNamed } from "./providers.ts";

/** Seconds somebody has to log in at the provider. */
export const loginSeconds = 600;

const pending = z.object({
  provider: z.string(),
  codeVerifier: z.string(),
  nonce: z.string(),
  returnTo: z.string().nullable(),
  /** What the one-time code that `returnTo` is given is bound to; null for a client that bound it to nothing. */
  challenge: z.string().nullable().default(null),
  /** Hash of the cookie of the browser that started. */
  browser: z.string(),
  /** The session whose account the identity is to be linked to; null for a login. */
  link: z.object({ userId: z.string(), sessionId: z.string() }).nullable().default(null),
});

export type PendingLogin = z.output<typeof pending>;

export const callbackUrl = ({ env }: Deps, provider: string): string =>
  `${env.PUBLIC_URL}/auth/oauth/${provider}/callback`;

export interface LoginRequest {
  provider: string;
  returnTo: string | undefined;
  /** RFC 7636, S256, of the client that will exchange the one-time code. */
  challenge?: string | undefined;
  browser: string;
}

/** Where to send a browser that wants to log in, and what to keep for when it is back. `browser` is its cookie. */
export async function startLogin(deps: Deps, request: LoginRequest, link: PendingLogin["link"] = null): Promise<URL> {
  const setting = providerNamed(deps, request.provider);
  assertMayReturn(deps, request.returnTo, link ? "body" : "query");
  const state = randomToken();
  const codeVerifier = randomToken();
  const nonce = randomToken();
  const redirectUri = callbackUrl(deps, setting.id);
  const url = await new Provider(deps, setting).authorizationUrl({ redirectUri, state, nonce, codeVerifier });
  const login: PendingLogin = {
    provider: setting.id,
    codeVerifier,
    nonce,
    returnTo: request.returnTo ?? null,
    challenge: request.challenge ?? null,
    browser: sha256(request.browser),
    link,
  };
  const sealed = await seal(deps.env.AUTH_SECRET, JSON.stringify(login));
  await engineOf(deps, deps.db).storeToken("oauth-state", state, sealed, loginSeconds);
  return url;
}

/** What `startLogin` kept under this state, once. Undefined when there is nothing, or no longer. */
export async function takePendingLogin(deps: Deps, state: string): Promise<PendingLogin | undefined> {
  const sealed = await engineOf(deps, deps.db).consumeToken("oauth-state", state);
  return sealed === undefined ? undefined : pending.parse(JSON.parse(await unseal(deps.env.AUTH_SECRET, sealed)));
}
