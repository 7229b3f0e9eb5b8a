import { type Database, openDatabase } from "@trivet/db";
import { routesFor, type Scope } from "@trivet/http";
import type { Call, Invocation } from "@trivet/platform";
import type { Env } from "./env.ts";

/** What every verb of analytics gets: made once per invocation. */
export interface Deps {
  env: Env;
  db: Database;
  call: Call;
  invocation: Invocation;
}

export const makeDeps = ({ env, invocation, call }: Scope<Env>): Deps => ({
  env,
  call,
  invocation,
  db: openDatabase(env.DB, invocation),
});

export const { route } = routesFor<Deps>();
