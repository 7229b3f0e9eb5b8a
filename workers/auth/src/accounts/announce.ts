import { type Dispatch, sendNow, sendSoon } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { outbox } from "../tables.ts";

/** The way of this service's events to their subscribers. */
export const dispatchOf = ({ db, env, invocation }: Deps): Dispatch => ({
  ...{ db, outbox, invocation },
  secret: env.SERVICE_JWT_SECRET,
  subscribers: { users: env.USERS },
});

/**
 * Delivers what has just been committed to the outbox, and returns when it has arrived or after a
 * short while. What has not arrived is tried again after the answer, and by the cron that sweeps.
 */
export const deliverNow = (deps: Deps): Promise<void> => sendNow(dispatchOf(deps));

/** Delivers what has just been committed to the outbox after the answer: for events that nobody waits for. */
export const deliverSoon = (deps: Deps): void => sendSoon(dispatchOf(deps));
