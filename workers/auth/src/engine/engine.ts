import type { Database, Transaction } from "@trivet/db";
import { APIError } from "better-auth/api";
import { makeSignature, symmetricDecrypt } from "better-auth/crypto";
import { randomToken } from "../tokens/random-token.ts";
import { notOurs } from "../tokens/seal.ts";
import { buildEngine, type EngineSettings } from "./build-engine.ts";

/** Why a single-use token was made; a token of one purpose is worth nothing for another. */
export type Purpose =
  | "verify-email"
  | "reset-password"
  | "magic-link"
  | "oauth-state"
  | "login-code"
  | "bound-login-code"
  | "passkey";

export interface NewUser {
  email: string;
  username: string;
  name: string;
}

/** What better-auth does for us, in our words. */
export class Engine {
  readonly #parts: ReturnType<typeof buildEngine>;
  readonly #secret: string;

  constructor(db: Database | Transaction, settings: EngineSettings) {
    this.#parts = buildEngine(db, settings);
    this.#secret = settings.secret;
  }

  get #context() {
    return this.#parts.engine.$context;
  }

  /** The new account's id. Rejects with the database's unique violation when email or username is taken. */
  async createUser(user: NewUser): Promise<string> {
    const { internalAdapter } = await this.#context;
    return (await internalAdapter.createUser({ ...user, emailVerified: false }, { method: "email-password" })).id;
  }

  async addPassword(userId: string, hash: string): Promise<void> {
    const { internalAdapter } = await this.#context;
    await internalAdapter.linkAccount({ userId, providerId: "credential", accountId: userId, password: hash });
  }

  async replacePassword(userId: string, hash: string): Promise<void> {
    const { internalAdapter } = await this.#context;
    await internalAdapter.updatePassword(userId, hash);
  }

  async addIdentity(userId: string, providerId: string, accountId: string): Promise<void> {
    const { internalAdapter } = await this.#context;
    await internalAdapter.linkAccount({ userId, providerId, accountId });
  }

  /** A token good once, for `seconds`, that `consumeToken` turns back into `value`. Only its hash is stored. */
  async issueToken(purpose: Purpose, value: string, seconds: number): Promise<string> {
    const token = randomToken();
    await this.storeToken(purpose, token, value, seconds);
    return token;
  }

  async storeToken(purpose: Purpose, token: string, value: string, seconds: number): Promise<void> {
    const { internalAdapter } = await this.#context;
    const expiresAt = new Date(Date.now() + seconds * 1_000);
    await internalAdapter.createVerificationValue({ identifier: `${purpose}:${token}`, value, expiresAt });
  }

  /** As `consumeToken`, but the token stays good. */
  async readToken(purpose: Purpose, token: string): Promise<string | undefined> {
    const { internalAdapter } = await this.#context;
    const row = await internalAdapter.findVerificationValue(`${purpose}:${token}`);
    return row && row.expiresAt > new Date() ? row.value : undefined;
  }

  /** Undefined for a token that is unknown, expired, or was consumed by somebody else. */
  async consumeToken(purpose: Purpose, token: string): Promise<string | undefined> {
    const { internalAdapter } = await this.#context;
    const row = await internalAdapter.consumeVerificationValue(`${purpose}:${token}`);
    return row?.value;
  }

  /** Marks something as used for `seconds`; false when somebody else has marked it before. Only a hash is stored. */
  async reserve(thing: string, seconds: number): Promise<boolean> {
    const { internalAdapter } = await this.#context;
    const expiresAt = new Date(Date.now() + seconds * 1_000);
    return await internalAdapter.reserveVerificationValue({ identifier: thing, value: "reserved", expiresAt });
  }

  /** A new secret for an authenticator app, not in force before its first code has been confirmed. */
  async enrolTwoFactor(userId: string): Promise<{ uri: string; recoveryCodes: string[] }> {
    const { engine, proof } = this.#parts;
    const enrolment = await engine.api.enableTwoFactor({
      headers: await this.#sessionFor(userId),
      body: { password: proof, method: "totp" },
    });
    if (enrolment.method !== "totp") throw new Error("The engine enrolled another method than TOTP.");
    return { uri: enrolment.totpURI, recoveryCodes: enrolment.backupCodes };
  }

  async renewRecoveryCodes(userId: string): Promise<string[]> {
    const { engine, proof } = this.#parts;
    const headers = await this.#sessionFor(userId);
    return (await engine.api.generateBackupCodes({ headers, body: { password: proof } })).backupCodes;
  }

  /** Spends a recovery code; false when it is none, or was spent by somebody else just now. */
  async spendRecoveryCode(userId: string, code: string): Promise<boolean> {
    const headers = await this.#sessionFor(userId);
    try {
      await this.#parts.engine.api.verifyBackupCode({ headers, body: { code, disableSession: true } });
      return true;
    } catch (error) {
      if (error instanceof APIError) return false;
      throw error;
    }
  }

  /** The TOTP key in clear, from how `enrolTwoFactor` stored it. Throws `unavailable` under another secret. */
  async openTotpSecret(stored: string): Promise<string> {
    try {
      return await symmetricDecrypt({ key: this.#secret, data: stored });
    } catch (fault) {
      throw notOurs(fault);
    }
  }

  /** The signed cookie by which the engine recognises whoever calls it. */
  async #sessionFor(userId: string): Promise<Headers> {
    const { internalAdapter, authCookies, secret } = await this.#context;
    const { token } = await internalAdapter.createSession(userId);
    const signed = encodeURIComponent(`${token}.${await makeSignature(token, secret)}`);
    return new Headers({ cookie: `${authCookies.sessionToken.name}=${signed}` });
  }
}
