import { databaseFault, outboxBacklog, pingDatabase } from "@trivet/db";
import { defineService } from "@trivet/http";
import { removeExpired } from "./crons/remove-expired.ts";
import { sweepOutbox } from "./crons/sweep-outbox.ts";
import { type Deps, makeDeps } from "./deps.ts";
import { type Env, env } from "./env.ts";
import { assertCanSign, publishedKeys, rotateWhenDue } from "./keys/keyring.ts";
import { warnAboutMail } from "./mail/warn-about-mail.ts";
import {
  deleteAdminUser,
  deleteUserSessions,
  getAdminUser,
  getAdminUsers,
  getAudit,
  postBan,
  postImpersonate,
  postUnban,
  putRole,
} from "./routes/admin.ts";
import { deleteOneApiKey, getApiKeys, postApiKey } from "./routes/api-keys.ts";
import { postConfirm } from "./routes/confirm.ts";
import { deleteIdentity, getIdentities } from "./routes/identities.ts";
import { serveAccount, serveDeletion, serveKeyExchange } from "./routes/internal.ts";
import { getKeys, postRotateKeys } from "./routes/keys.ts";
import { postLogin, postLogout, postRefresh } from "./routes/login.ts";
import { getMagicLink, postMagicLink, postMagicLinkLogin } from "./routes/magic-link.ts";
import { getMailbox, getMailboxMessages } from "./routes/mailbox.ts";
import { getOAuth, getOAuthCallback, postOAuthLink, postSession } from "./routes/oauth.ts";
import {
  deleteOnePasskey,
  getPasskeys,
  postPasskey,
  postPasskeyLogin,
  postPasskeyLoginOptions,
  postPasskeyOptions,
} from "./routes/passkeys.ts";
import { getResetPassword, postChangePassword, postForgotPassword, postResetPassword } from "./routes/passwords.ts";
import { postRegister } from "./routes/register.ts";
import { deleteSession, deleteSessions, getMe, getSessions } from "./routes/sessions.ts";
import {
  postDisableTwoFactor,
  postEnableTwoFactor,
  postRecoveryCodes,
  postVerifyTwoFactor,
} from "./routes/two-factor.ts";
import { getVerifyEmail, postResendVerification, postVerifyEmail } from "./routes/verify-email.ts";
import { outbox } from "./tables.ts";

export const auth = defineService<Env, Deps>({
  name: "auth",
  version: "0.1.0",
  summary: "Accounts, how they are entered, and the tokens that say who somebody is.",
  env,
  deps(scope) {
    const deps = makeDeps(scope);
    warnAboutMail(deps);
    return deps;
  },
  routes: [
    ...[postRegister, postLogin, postRefresh, postLogout, postConfirm, getMe],
    ...[getSessions, deleteSession, deleteSessions],
    ...[getVerifyEmail, postVerifyEmail, postResendVerification],
    ...[postForgotPassword, getResetPassword, postResetPassword, postChangePassword],
    ...[postEnableTwoFactor, postVerifyTwoFactor, postDisableTwoFactor, postRecoveryCodes],
    ...[getMagicLink, postMagicLink, postMagicLinkLogin],
    ...[getOAuth, getOAuthCallback, postSession, postOAuthLink, getIdentities, deleteIdentity],
    ...[postPasskeyOptions, postPasskey, postPasskeyLoginOptions, postPasskeyLogin, getPasskeys, deleteOnePasskey],
    ...[postApiKey, getApiKeys, deleteOneApiKey],
    ...[getKeys, postRotateKeys],
    ...[
      getAdminUsers,
      getAdminUser,
      postBan,
      postUnban,
      putRole,
      deleteUserSessions,
      postImpersonate,
      deleteAdminUser,
      getAudit,
    ],
    ...[getMailbox, getMailboxMessages],
    ...[serveAccount, serveDeletion, serveKeyExchange],
  ],
  crons: { "* * * * *": sweepOutbox, "*/10 * * * *": removeExpired, "17 3 * * *": rotateWhenDue },
  checks: { database: ({ db }) => pingDatabase(db, 2_000), keys: assertCanSign },
  outbox: ({ db }) => outboxBacklog(db, outbox),
  idempotency: ({ answers }) => answers,
  replays: ({ replays }) => replays,
  faults: databaseFault,
  keys: publishedKeys,
  decorate(headers) {
    // Tokens and personal data: kept by no cache on the way (RFC 6749, 5.1).
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  },
});
