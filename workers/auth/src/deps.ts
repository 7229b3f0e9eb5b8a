import { type Database, IdempotentAnswers, openDatabase, type Transaction, UsedMessages } from "@trivet/db";
import { routesFor, type Scope } from "@trivet/http";
import { type Call, type Invocation, passwordCost, type ScryptCost } from "@trivet/platform";
import { Engine } from "./engine/engine.ts";
import type { Env } from "./env.ts";
import type { Mailer } from "./mail/mailer.ts";
import { storedMailer } from "./mail/stored-mailer.ts";
import { idempotencyKeys, usedMessages } from "./tables.ts";
import { seal, unseal } from "./tokens/seal.ts";

/** What every verb of auth gets: made once per invocation. */
export interface Deps {
  env: Env;
  db: Database;
  call: Call;
  invocation: Invocation;
  mailer: Mailer;
  /** Sealed, because what auth answers may hold secrets. */
  answers: IdempotentAnswers;
  replays: UsedMessages;
}

export function makeDeps({ env, invocation, call }: Scope<Env>): Deps {
  const db = openDatabase(env.DB, invocation);
  const answers = new IdempotentAnswers(db, idempotencyKeys, {
    seal: (text) => seal(env.AUTH_SECRET, text),
    unseal: (sealed) => unseal(env.AUTH_SECRET, sealed),
  });
  const replays = new UsedMessages(db, usedMessages);
  return { env, call, invocation, db, answers, replays, mailer: storedMailer(env.AUTH_SECRET) };
}

/** The engine over the database, or inside a transaction. */
export const engineOf = ({ env }: Pick<Deps, "env">, db: Database | Transaction): Engine =>
  new Engine(db, { secret: env.AUTH_SECRET, publicUrl: env.PUBLIC_URL });

/** What hashing a password is to cost here. */
export const costOf = ({ env }: Pick<Deps, "env">): ScryptCost => ({ ...passwordCost, ln: env.PASSWORD_COST });

export const { route, serve } = routesFor<Deps>();
