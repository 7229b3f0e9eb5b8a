import { type Database, relay } from "@trivet/db";
import { describeError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { outbox } from "../tables.ts";
import { deliver } from "./deliver.ts";

interface Runs {
  current: Promise<void>;
  /** Whether a run is to follow the current one. */
  following: boolean;
}

/**
 * By database, because that is what tells whose promises may be waited for: on the host invocations
 * share one, on Workers each has its own and never sees another's runs.
 */
const underway = new WeakMap<Database, Runs>();

/**
 * Sends off what waits in the outbox; to be called after a commit. Of many calls at once one runs and
 * one follows, which takes everything committed until it starts, and the others leave it to that one:
 * a relay for each of a thousand follows would keep the database busier than the follows do.
 */
export async function sendOff(deps: Deps): Promise<void> {
  const runs = underway.get(deps.db);
  if (runs?.following) return;
  if (runs) {
    runs.following = true;
    await runs.current;
  }
  const mine = { current: run(deps), following: false };
  underway.set(deps.db, mine);
  await mine.current;
  if (underway.get(deps.db) === mine && !mine.following) underway.delete(deps.db);
}

/** What cannot be delivered stays in the outbox for a later run, so a failure here loses nothing. */
async function run(deps: Deps): Promise<void> {
  try {
    await relay({ db: deps.db, outbox, deliver: (envelope) => deliver(deps, envelope) });
  } catch (error) {
    deps.invocation.log.warn("Events wait in the outbox", { fault: describeError(error) });
  }
}
