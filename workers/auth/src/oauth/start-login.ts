import { sha256, TrivetError } from "@trivet/platform";
import { z } from "zod";
import { type Deps, engineOf } from "../deps.ts";
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
  /** Hash of the cookie of the browser that started. */
  browser: z.string(),
});

export type PendingLogin = z.output<typeof pending>;

export const callbackUrl = ({ env }: Deps, provider: string): string =>
  `${env.PUBLIC_URL}/auth/oauth/${provider}/callback`;

/** Where to send a browser that wants to log in, and what to keep for when it is back. `browser` is its cookie. */
export async function startLogin(
  deps: Deps,
  request: { provider: string; returnTo: string | undefined; browser: string },
): Promise<URL> {
  const setting = providerNamed(deps, request.provider);
  assertMayReturn(deps, request.returnTo);
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
    browser: sha256(request.browser),
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

/** Only listed prefixes: an open redirect would hand the one-time code to whoever asks. */
function assertMayReturn({ env }: Deps, returnTo: string | undefined): void {
  if (returnTo === undefined) return;
  const url = URL.parse(returnTo);
  const allowed = env.OAUTH_RETURN_URLS.some((prefix) => prefix.endsWith("/") && url?.href.startsWith(prefix));
  if (url && allowed && url.username === "" && url.password === "") return;
  throw new TrivetError("validation_failed", undefined, {
    errors: [{ in: "query", pointer: "/return_to", detail: "is not below one of the addresses in OAUTH_RETURN_URLS" }],
  });
}
