import { type Announce, announcing as announcingBy, type Dispatch, type Transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { outbox } from "../tables.ts";

export type { Announce };

/** The way of this service's events to their subscribers. */
export const dispatchOf = ({ db, env, invocation }: Deps): Dispatch => ({
  ...{ db, outbox, invocation },
  secret: env.SERVICE_JWT_SECRET,
  subscribers: { auth: env.AUTH },
});

/** Runs `effect` in a transaction; what it announces is committed with it and then goes on its way. */
export const announcing = <Result>(
  deps: Deps,
  effect: (tx: Transaction, announce: Announce) => Promise<Result>,
): Promise<Result> => announcingBy(dispatchOf(deps), effect);
