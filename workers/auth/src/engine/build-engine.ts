import type { Database, Transaction } from "@trivet/db";
import { newId } from "@trivet/platform";
import { drizzleAdapter } from "better-auth/adapters/drizzle";
import { betterAuth } from "better-auth/minimal";
import { twoFactor } from "better-auth/plugins/two-factor";
import { identities, twoFactors, users, verifications } from "../tables.ts";

export interface EngineSettings {
  secret: string;
  /** The issuer: the public address of the router. */
  publicUrl: string;
}

/**
 * better-auth over our tables and inside the given transaction, when there is one. It is built for
 * the work at hand (a third of a millisecond), because on Workers nothing that holds a connection may
 * outlive its invocation.
 *
 * Its own HTTP handler stays unused, and so do its sessions: they keep their token in clear and do not
 * rotate. The one that some of its calls ask for lives in memory for the length of that call.
 */
export function buildEngine(db: Database | Transaction, settings: EngineSettings) {
  // Whoever calls the engine has proven themselves to us (`confirmIdentity`); to the engine, which asks
  // for the password again, this value says so. It never leaves this function's result.
  const proof = newId() + newId();
  const engine = betterAuth({
    appName: "Trivet",
    baseURL: settings.publicUrl,
    basePath: "/auth",
    secret: settings.secret,
    database: drizzleAdapter(db, {
      provider: "pg",
      schema: { user: users, account: identities, verification: verifications, twoFactor: twoFactors },
    }),
    secondaryStorage: memoryStorage(),
    verification: { storeIdentifier: "hashed", storeInDatabase: true },
    user: { additionalFields: { username: { type: "string", required: true } } },
    emailAndPassword: {
      enabled: true,
      password: {
        hash: () => Promise.reject(new Error("Passwords are hashed by the platform package.")),
        verify: ({ password }) => Promise.resolve(password === proof),
      },
    },
    plugins: [twoFactor({ issuer: "Trivet", allowPasswordless: true })],
    advanced: { database: { generateId: newId, validateSchema: false } },
    logger: { disabled: true },
    telemetry: { enabled: false },
  });
  return { engine, proof };
}

function memoryStorage() {
  const values = new Map<string, string>();
  return {
    get: (key: string) => values.get(key) ?? null,
    getAndDelete: (key: string) => {
      const value = values.get(key) ?? null;
      values.delete(key);
      return value;
    },
    increment: (key: string) => {
      const next = Number(values.get(key) ?? 0) + 1;
      values.set(key, String(next));
      return next;
    },
    set: (key: string, value: string) => {
      values.set(key, value);
    },
    delete: (key: string) => {
      values.delete(key);
    },
  };
}
