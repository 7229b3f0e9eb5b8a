import { anonymous, type Invocation, newTrace, serviceLogger, Upstreams } from "@trivet/platform";

const upstreams = new Upstreams();

/** A piece of work of `service` that has ten seconds left, unless `changes` say otherwise. All remember the same upstreams. */
export const invocationOf = (service: string, changes: Partial<Invocation> = {}): Invocation => ({
  service,
  requestId: "req-1",
  trace: newTrace(),
  deadline: Date.now() + 10_000,
  actor: anonymous,
  log: serviceLogger(service),
  upstreams,
  waitUntil: () => undefined,
  defer: () => undefined,
  ...changes,
});
