import { type Announce, announcing as announcingBy, type Dispatch, type Transaction } from "@trivet/db";
import type { Deps } from "./deps.ts";
import { outbox } from "./tables.ts";

/** The way of this service's events to those who listen. */
export const dispatchOf = ({ db, env, invocation }: Deps): Dispatch => ({
  ...{ db, outbox, invocation },
  events: env.EVENTS_QUEUE,
});

/** Runs `effect` in a transaction; what it announces is committed with it and then goes on its way. */
export const announcing = <Result>(
  deps: Deps,
  effect: (tx: Transaction, announce: Announce) => Promise<Result>,
): Promise<Result> => announcingBy(dispatchOf(deps), effect);
