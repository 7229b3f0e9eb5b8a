import { type Database, IdempotentAnswers, openDatabase, UsedMessages } from "@trivet/db";
import { routesFor, type Scope } from "@trivet/http";
import type { Call, Invocation } from "@trivet/platform";
import type { Env } from "./env.ts";
import { idempotencyKeys, usedMessages } from "./tables.ts";

/** What every verb of analytics gets: made once per invocation. */
export interface Deps {
  env: Env;
  db: Database;
  call: Call;
  invocation: Invocation;
  answers: IdempotentAnswers;
  replays: UsedMessages;
}

export function makeDeps({ env, invocation, call }: Scope<Env>): Deps {
  const db = openDatabase(env.DB, invocation);
  const answers = new IdempotentAnswers(db, idempotencyKeys);
  const replays = new UsedMessages(db, usedMessages);
  return { env, call, invocation, db, answers, replays };
}

export const { route, serve, on } = routesFor<Deps>();
