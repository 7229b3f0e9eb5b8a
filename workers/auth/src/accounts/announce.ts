import { deliverEvent, type Envelope, type EventName, events, subscribersOf } from "@trivet/contracts";
import { relay } from "@trivet/db";
import { createCall, describeError, type ServiceBinding } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { outbox } from "../tables.ts";

/** How long an answer waits for its event to arrive; after that the event travels on its own. */
const patience = 2_000;
/** Waits between later tries, in milliseconds: within what a Worker may do after its answer. */
const pauses = [500, 1_000, 2_000, 4_000, 8_000];
const sweepEvery = 5_000;

let sweptAt = 0;

/**
 * Delivers what has just been committed to the outbox, and returns when it has arrived or after a
 * short while. What has not arrived is tried again after the answer, and by later invocations.
 */
export async function deliverNow(deps: Deps): Promise<void> {
  if (await settles(deps)) return;
  deps.invocation.waitUntil(keepTrying(deps));
}

/** Now and then, after any answer: delivers what a crash or a service that was down has left behind. */
export function sweepOutbox(deps: Deps): void {
  if (Date.now() - sweptAt < sweepEvery) return;
  sweptAt = Date.now();
  deps.invocation.waitUntil(run(deps));
}

async function settles(deps: Deps): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), patience);
  });
  const work = run(deps);
  deps.invocation.waitUntil(work);
  const done = await Promise.race([work, late]);
  clearTimeout(timer);
  return done;
}

async function keepTrying(deps: Deps): Promise<void> {
  for (const pause of pauses) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (await run(deps)) return;
  }
}

/** One pass over what is due; whether all of it arrived. */
async function run(deps: Deps): Promise<boolean> {
  try {
    const { failed } = await relay({ db: deps.db, outbox, deliver: (envelope) => deliver(deps, envelope) });
    return failed === 0;
  } catch (error) {
    deps.invocation.log.warn("Events could not be read from the outbox", { fault: describeError(error) });
    return false;
  }
}

async function deliver(deps: Deps, envelope: Envelope): Promise<void> {
  const bindings: Record<string, ServiceBinding> = { users: deps.env.USERS };
  // The request's own deadline does not bind a delivery that goes on after the answer.
  const call = createCall({ ...deps.invocation, deadline: Date.now() + patience }, deps.env.SERVICE_JWT_SECRET);
  for (const subscriber of subscribersOf(eventName(envelope))) {
    const binding = bindings[subscriber];
    if (!binding) throw new Error(`auth has no binding to reach ${subscriber}`);
    await call(binding, deliverEvent(subscriber), { body: envelope });
  }
}

function eventName({ event }: Envelope): EventName {
  const known = Object.values(events).find(({ name }) => name === event);
  if (!known) throw new Error(`${event} is not in the catalogue of events`);
  return known.name;
}
