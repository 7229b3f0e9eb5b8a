import { type Database, openDatabase } from "@trivet/db";
import { routesFor, type Scope } from "@trivet/http";
import type { Invocation } from "@trivet/platform";
import type { Env } from "./env.ts";

/** What every verb of events gets: made once per invocation. */
export interface Deps {
  env: Env;
  db: Database;
  invocation: Invocation;
}

export const makeDeps = ({ env, invocation }: Scope<Env>): Deps => ({
  env,
  invocation,
  db: openDatabase(env.DB, invocation),
});

export const { route } = routesFor<Deps>();
