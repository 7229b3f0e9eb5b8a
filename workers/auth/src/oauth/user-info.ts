import { TrivetError } from "@trivet/platform";
import { z } from "zod";
import type { OAuth2Setting } from "./provider-setting.ts";

/** Who somebody is at a provider. */
export interface Identity {
  /** The provider's own id of them; never changes and is never given to another. */
  subject: string;
  /** As the provider writes it. */
  email: string | undefined;
  /** Whether the provider vouches that the address is theirs. */
  emailVerified: boolean;
  name: string | undefined;
  /** What they call themselves there, as a proposal. */
  username: string | undefined;
}

const profile = z.object({
  id: z.union([z.number().int().transform(String), z.string().min(1)]).optional(),
  sub: z.string().min(1).optional(),
  login: z.string().optional(),
  preferred_username: z.string().optional(),
  name: z.string().nullish(),
  email: z.string().nullish(),
  email_verified: z.boolean().optional(),
});

const addresses = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** Asks a plain OAuth 2.0 provider, which signs nothing, over the connection the access token opens. */
export async function readUserInfo(
  setting: OAuth2Setting,
  accessToken: string,
  signal: AbortSignal,
): Promise<Identity> {
  const user = profile.parse(await ask(setting.userInfoEndpoint, accessToken, signal));
  const subject = user.id ?? user.sub;
  if (subject === undefined) throw new TrivetError("bad_gateway", `${setting.id} did not say who this is.`);
  const listed =
    setting.emailsEndpoint === undefined
      ? undefined
      : addresses.parse(await ask(setting.emailsEndpoint, accessToken, signal)).find(({ primary }) => primary);
  return {
    subject,
    email: listed?.email ?? user.email ?? undefined,
    emailVerified: listed?.verified ?? user.email_verified ?? false,
    name: user.name ?? undefined,
    username: user.login ?? user.preferred_username,
  };
}

async function ask(url: string, accessToken: string, signal: AbortSignal): Promise<unknown> {
  const headers = { authorization: `Bearer ${accessToken}`, accept: "application/json", "user-agent": "trivet" };
  const response = await fetch(url, { signal, headers });
  if (!response.ok) throw new TrivetError("bad_gateway", "The provider did not say who this is.");
  return await response.json();
}
