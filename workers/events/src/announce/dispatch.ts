import type { Dispatch } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { outbox } from "../tables.ts";

/** The way of what is announced here to the queue that this service itself consumes. */
export const dispatchOf = ({ db, env, invocation }: Deps): Dispatch => ({
  ...{ db, outbox, invocation },
  events: env.EVENTS_QUEUE,
});
