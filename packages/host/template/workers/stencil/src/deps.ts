import { type Database, IdempotentAnswers, openDatabase } from "@trivet/db";
import { routesFor, type Scope } from "@trivet/http";
import type { Invocation } from "@trivet/platform";
import type { Env } from "./env.ts";
import { idempotencyKeys } from "./tables.ts";

/** What every verb gets: made once per invocation. */
export interface Deps {
  env: Env;
  db: Database;
  invocation: Invocation;
  answers: IdempotentAnswers;
}

export function makeDeps({ env, invocation }: Scope<Env>): Deps {
  const db = openDatabase(env.DB, invocation);
  return { env, invocation, db, answers: new IdempotentAnswers(db, idempotencyKeys) };
}

export const { route, on } = routesFor<Deps>();
