import { deliverEvent } from "@trivet/contracts";
import type { ServiceEnv } from "./env.ts";
import { type Route, routesFor } from "./route.ts";
import type { ServiceDefinition } from "./service.ts";

/** The route by which publishers deliver events, for a service that handles any. */
export function eventRoutes<Env extends ServiceEnv, Deps>(service: ServiceDefinition<Env, Deps>): Route<Deps>[] {
  const handlers = service.events ?? [];
  if (handlers.length === 0) return [];
  return [
    routesFor<Deps>().serve(deliverEvent(service.name), async ({ deps, body }) => {
      // An event nobody here listens to any more is acknowledged: the publisher may forget it.
      for (const handler of handlers) {
        if (handler.event.name === body.event) await handler.handle(deps, body);
      }
      return undefined;
    }),
  ];
}
