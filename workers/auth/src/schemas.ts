import { id, role, text, username } from "@trivet/contracts";
import { z } from "zod";
import { isBanned } from "./admin/is-banned.ts";
import { givenPassword } from "./passwords/password-rules.ts";
import type { ApiKeyRow } from "./queries/api-keys.ts";
import type { PasskeyRow } from "./queries/passkeys.ts";
import type { Entry } from "./sessions/login.ts";
import type { Identity, Session, User } from "./tables.ts";

const moment = z.iso.datetime();

export const tokens = z
  .object({
    access_token: z.string().meta({ description: "A JWT; send it as `Authorization: Bearer <token>`" }),
    token_type: z.literal("Bearer"),
    expires_in: z.int().meta({ description: "Seconds the access token lives", example: 600 }),
    refresh_token: z.string().meta({ description: "Good once, for the next tokens at /auth/refresh" }),
  })
  .meta({ id: "Tokens" });

export const user = z
  .object({
    id,
    email: z.string(),
    emailVerified: z.boolean(),
    username,
    name: z.string(),
    role,
    twoFactorEnabled: z.boolean(),
    createdAt: moment,
  })
  .meta({ id: "AuthUser" });

export const showUser = (row: User): z.input<typeof user> => ({
  id: row.id,
  email: row.email,
  emailVerified: row.emailVerified,
  username: row.username,
  name: row.name,
  role: row.role,
  twoFactorEnabled: row.twoFactorEnabled,
  createdAt: row.createdAt.toISOString(),
});

/** The answer to whoever has just come in. */
export const entry = tokens.extend({ user }).meta({ id: "Entry" });

export const showEntry = ({ user: row, tokens: given }: Entry): z.input<typeof entry> => ({
  user: showUser(row),
  ...given,
});

export const adminUser = user
  .extend({
    banned: z.boolean(),
    banReason: z.string().nullable(),
    bannedUntil: moment.nullable().meta({ description: "Null beside `banned` means for good" }),
  })
  .meta({ id: "AdminUser" });

export function showAdminUser(row: User): z.input<typeof adminUser> {
  const banned = isBanned(row);
  return {
    ...showUser(row),
    banned,
    banReason: banned ? row.banReason : null,
    bannedUntil: banned ? (row.bannedUntil?.toISOString() ?? null) : null,
  };
}

export const session = z
  .object({
    id,
    current: z.boolean().meta({ description: "The one this request came with" }),
    userAgent: z.string().nullable(),
    impersonated: z.boolean().meta({ description: "Opened by an administrator" }),
    createdAt: moment,
    lastUsedAt: moment,
    expiresAt: moment,
  })
  .meta({ id: "Session" });

export const showSession = (row: Session, currentId: string): z.input<typeof session> => ({
  id: row.id,
  current: row.id === currentId,
  userAgent: row.userAgent,
  impersonated: row.impersonatorId !== null,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});

export const apiKey = z
  .object({
    id,
    name: z.string(),
    hint: z.string().meta({ description: "The key's first characters", example: "tvk_3kQz" }),
    scopes: z.array(z.string()).nullable().meta({ description: "Null means everything its owner may do" }),
    createdAt: moment,
    expiresAt: moment.nullable(),
    lastUsedAt: moment.nullable(),
  })
  .meta({ id: "ApiKey" });

export const showApiKey = (row: ApiKeyRow): z.input<typeof apiKey> => ({
  id: row.id,
  name: row.name,
  hint: row.hint,
  scopes: row.scopes,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});

export const identity = z
  .object({ id, provider: z.string().meta({ example: "google" }), createdAt: moment })
  .meta({ id: "Identity" });

export const showIdentity = (row: Identity): z.input<typeof identity> => ({
  id: row.id,
  provider: row.providerId,
  createdAt: row.createdAt.toISOString(),
});

export const passkey = z
  .object({ id, name: z.string(), createdAt: moment, lastUsedAt: moment.nullable() })
  .meta({ id: "Passkey" });

export const showPasskey = (row: PasskeyRow): z.input<typeof passkey> => ({
  id: row.id,
  name: row.name,
  createdAt: row.createdAt.toISOString(),
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});

export const personName = text({ min: 1, max: 100 }).meta({ example: "Ada Lovelace" });

/** Any token of ours in a body or an address: opaque, bounded. */
export const opaqueToken = z.string().min(1).max(512);

/** Where a browser goes once somebody is in. */
export const returnTo = z.string().max(2_048).optional().meta({
  description: "Where to go afterwards with a one-time `code` for POST /auth/session",
  example: "https://app.example.com/after/",
});

/** What whoever ends a session has to know. */
export const lastToken =
  "The last access token of a session that has ended works outside /auth for what is left of its ten minutes.";

/** A TOTP code or a recovery code. */
export const factorCode = z.string().min(6).max(32).meta({ example: "123456" });

/** What somebody who is logged in shows once more, unless they have just confirmed their session. */
export const proof = z.strictObject({
  password: givenPassword.optional(),
  code: factorCode.optional().meta({ description: "Of the second factor, instead of the password" }),
});

/** What is asked of whoever changes how their account is entered. */
export const asksForProof =
  "It changes how the account is entered, so a session alone is not enough: it takes the password or a code of the second factor, here or within the last five minutes at POST /auth/confirm; of an account that has neither, a login of the last ten minutes or a passkey shown there. Else 401 `confirmation_required`.";

/** As `asksForProof`, for what has no body. */
export const asksForConfirmation =
  "It changes how the account is entered, so a session alone is not enough: it takes a POST /auth/confirm within the last five minutes, or, of an account that has neither a password nor a second factor, a login of the last ten. Else 401 `confirmation_required`.";
