import { type Database, IdempotentAnswers, openDatabase } from "@trivet/db";
import { routesFor, type Scope } from "@trivet/http";
import type { Call, Invocation } from "@trivet/platform";
import type { Env } from "./env.ts";
import { idempotencyKeys } from "./tables.ts";

/** What every verb of analytics gets: made once per invocation. */
export interface Deps {
  env: Env;
  db: Database;
  call: Call;
  invocation: Invocation;
  answers: IdempotentAnswers;
}

export function makeDeps({ env, invocation, call }: Scope<Env>): Deps {
  const db = openDatabase(env.DB, invocation);
  return { env, call, invocation, db, answers: new IdempotentAnswers(db, idempotencyKeys) };
}

export const { route, serve, on } = routesFor<Deps>();
