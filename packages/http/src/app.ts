import { OpenAPIHono } from "@hono/zod-openapi";
import { type ErrorCode, TrivetError } from "@trivet/platform";
import type { RouteContract } from "./contract.ts";
import { assertReplaysAreKept } from "./encryption/assert-encryptable.ts";
import type { ServiceEnv } from "./env.ts";
import { assertKeyable } from "./idempotency/assert-keyable.ts";
import { assertCacheable } from "./output/cacheable.ts";
import { allowedMethods, registrationOrder } from "./path.ts";
import type { ServiceDefinition } from "./service.ts";
import { documentStandardRoutes, standardRoutes } from "./standard-routes.ts";
import type { HandlerEnv } from "./state.ts";

/**
 * The Hono app of a service: its routes, and what every service answers beside them. An app holds no
 * state of a request, so one serves all invocations.
 */
export function createApp<Env extends ServiceEnv, Deps>(
  service: ServiceDefinition<Env, Deps>,
): OpenAPIHono<HandlerEnv<Deps>> {
  const app = new OpenAPIHono<HandlerEnv<Deps>>();
  // First, because their paths are static and a service's `/{id}` would match them.
  standardRoutes(app, service);
  const routes = service.routes.toSorted(registrationOrder);
  for (const { contract } of routes) {
    assertKeyable(contract, service.idempotency !== undefined);
    assertReplaysAreKept(contract, service.replays !== undefined);
    assertCacheable(contract);
  }
  for (const route of routes) route.register(app, { atDoor: service.atDoor ?? false });
  documentStandardRoutes(app, service);
  const contracts = routes.map((route) => route.contract);
  app.notFound(
    async (c) => (await service.fallback?.(c)) ?? answerUnknown(c.req.method, c.req.path, contracts, app.routes),
  );
  app.onError((error) => {
    throw error;
  });
  return app;
}

/** Nothing matched: 404, or 405 and `Allow` when the path exists under other methods (RFC 9110, 15.5.6). */
function answerUnknown(
  method: string,
  path: string,
  contracts: readonly RouteContract[],
  registered: readonly { method: string; path: string }[],
): Response {
  const allowed = allowedMethods(path, [...contracts, ...registered]);
  if (allowed.length === 0) throw new TrivetError("not_found" satisfies ErrorCode);
  const allow = allowed.join(", ");
  if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
  throw new TrivetError("method_not_allowed", `This address answers ${allow}.`, { headers: { allow } });
}
