import { type Dispatch, sendSoon } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { outbox } from "../tables.ts";

/** The way of this service's events to those who listen. */
export const dispatchOf = ({ db, env, invocation }: Deps): Dispatch => ({
  ...{ db, outbox, invocation },
  events: env.EVENTS_QUEUE,
});

/** Sends what has just been committed to the outbox on its way, after the answer. */
export const deliverSoon = (deps: Deps): void => sendSoon(dispatchOf(deps));
