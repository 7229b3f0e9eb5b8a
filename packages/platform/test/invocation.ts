import { anonymous, type Invocation, newTrace, serviceLogger } from "@trivet/platform";

/** A piece of work of `service` that has ten seconds left, unless `changes` say otherwise. */
export const invocationOf = (service: string, changes: Partial<Invocation> = {}): Invocation => ({
  service,
  requestId: "req-1",
  trace: newTrace(),
  deadline: Date.now() + 10_000,
  actor: anonymous,
  log: serviceLogger(service),
  waitUntil: () => undefined,
  defer: () => undefined,
  ...changes,
});
