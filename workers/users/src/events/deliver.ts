import { deliverEvent, type Envelope, subscribersOf } from "@trivet/contracts";
import { createCall, type ServiceBinding } from "@trivet/platform";
import type { Deps } from "../deps.ts";

/** Milliseconds a subscriber has to take an event. The deadline of the request that caused it is no measure. */
const patience = 5_000;

/** Hands an event to everybody who listens to it; rejects unless all of them have it. */
export async function deliver({ env, invocation }: Deps, envelope: Envelope): Promise<void> {
  const bindings: Record<string, ServiceBinding> = { auth: env.AUTH };
  const call = createCall({ ...invocation, deadline: Date.now() + patience }, env.SERVICE_JWT_SECRET);
  await Promise.all(
    subscribersOf(envelope.event).map(async (subscriber) => {
      const binding = bindings[subscriber];
      if (!binding) throw new Error(`users has no binding by which to reach its subscriber ${subscriber}.`);
      await call(binding, deliverEvent(subscriber), { body: envelope });
    }),
  );
}
