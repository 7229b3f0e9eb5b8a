import { z } from "zod";

const id = z
  .string()
  .regex(/^[a-z\d](?:[a-z\d-]{0,30}[a-z\d])?$/, { error: "must be lower-case letters, digits and inner hyphens" })
  // Else whoever has a user's id as their own at that provider would be that user.
  .refine((value) => value !== "credential", { error: "must not be credential, under which passwords are kept" });

const client = {
  id,
  clientId: z.string().min(1),
  /** Left out for a public client. */
  clientSecret: z.string().min(1).optional(),
};

/** An OpenID Connect provider: everything else is discovered at its issuer. */
const oidc = z.strictObject({
  ...client,
  issuer: z.url({ protocol: /^https?$/ }),
  scopes: z.array(z.string()).default(["openid", "email", "profile"]),
});

/** A plain OAuth 2.0 provider, which tells who somebody is at an address of its own. */
const oauth2 = z.strictObject({
  ...client,
  authorizationEndpoint: z.url({ protocol: /^https?$/ }),
  tokenEndpoint: z.url({ protocol: /^https?$/ }),
  userInfoEndpoint: z.url({ protocol: /^https?$/ }),
  /** Lists the addresses with `{ email, primary, verified }`, as GitHub does. */
  emailsEndpoint: z.url({ protocol: /^https?$/ }).optional(),
  scopes: z.array(z.string()).default([]),
});

export const providerSetting = z.union([oidc, oauth2]);

export type ProviderSetting = z.output<typeof providerSetting>;
export type OAuth2Setting = z.output<typeof oauth2>;
