import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import type { Env } from "../env.ts";
import type { ProviderSetting } from "./provider-setting.ts";

/** The provider of this name, as configured. Throws `not_found`. */
export function providerNamed({ env }: Pick<Deps, "env">, id: string): ProviderSetting {
  const setting = configured(env).find((provider) => provider.id === id);
  if (setting) return setting;
  throw new TrivetError("not_found", "There is no such OAuth provider here.");
}

/** The names of all that are configured. */
export const providerIds = ({ env }: Pick<Deps, "env">): string[] => configured(env).map(({ id }) => id);

function configured(env: Env): ProviderSetting[] {
  const presets: ProviderSetting[] = [];
  if (env.GOOGLE_CLIENT_ID !== "") {
    presets.push({
      id: "google",
      issuer: "https://accounts.google.com",
      clientId: env.GOOGLE_CLIENT_ID,
      clientSecret: env.GOOGLE_CLIENT_SECRET,
      scopes: ["openid", "email", "profile"],
    });
  }
  if (env.GITHUB_CLIENT_ID !== "") {
    presets.push({
      id: "github",
      authorizationEndpoint: "https://github.com/login/oauth/authorize",
      tokenEndpoint: "https://github.com/login/oauth/access_token",
      userInfoEndpoint: "https://api.github.com/user",
      emailsEndpoint: "https://api.github.com/user/emails",
      clientId: env.GITHUB_CLIENT_ID,
      clientSecret: env.GITHUB_CLIENT_SECRET,
      scopes: ["read:user", "user:email"],
    });
  }
  return [...env.OAUTH_PROVIDERS, ...presets];
}
