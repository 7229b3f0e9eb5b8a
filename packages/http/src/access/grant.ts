import { type Actor, anonymous, type ServiceActor, TrivetError, type UserActor } from "@trivet/platform";
import { createMiddleware } from "hono/factory";
import type { RouteContract } from "../contract.ts";
import type { HandlerEnv, RequestState, ServiceContext } from "../state.ts";
import { verifyServiceToken } from "./service-token.ts";
import { verifyUserToken } from "./user-token.ts";

/**
 * Establishes who calls and whether the route lets them in, then makes the service's dependencies.
 * The token alone decides; no header that says who somebody is, is believed.
 */
export const grantAccess = (contract: RouteContract) =>
  createMiddleware<HandlerEnv<unknown>>(async (c, next) => {
    const state = c.env;
    state.route = contract.path;
    state.invocation.actor = await callerOf(c, contract);
    c.set("actor", state.invocation.actor);
    c.set("invocation", state.invocation);
    c.set("deps", state.deps());
    await next();
  });

async function callerOf(c: ServiceContext, { access, method }: RouteContract): Promise<Actor> {
  if (access.kind === "anyone") return anonymous;
  if (access.kind === "service") {
    const service = await verifyServiceToken(c.req.header("x-service-token"), c.env.serviceTokens);
    if (access.callers?.includes(service.name)) return service;
    throw new TrivetError("service_token_invalid");
  }
  const serviceToken = access.services && c.req.header("x-service-token");
  if (serviceToken) {
    const service = await verifyServiceToken(serviceToken, c.env.serviceTokens);
    // Whatever comes by the router brings the router's own, which says nothing of who asks.
    if (service.name !== "router") return service;
  }
  const token = bearerToken(c.req.header("authorization"));
  if (token === undefined) {
    if (access.kind === "optional") return anonymous;
    throw new TrivetError("unauthenticated");
  }
  const user = await verifyUserToken(token, c.env.userTokens, c.env.fetchKeys);
  if (access.kind === "role" && !access.roles?.includes(user.role)) {
    throw new TrivetError("forbidden", `This needs the role ${access.roles?.join(" or ")}.`);
  }
  assertScope(user, c.env, method);
  return user;
}

/**
 * The user whose valid access token a request carries, if any, or whose `exchanged` one has been got for
 * it: for what treats known callers differently without refusing the others. Routes state their
 * `access` instead.
 */
export async function identify<Deps>(c: ServiceContext<Deps>, exchanged?: string): Promise<UserActor | undefined> {
  try {
    const token = exchanged ?? bearerToken(c.req.header("authorization"));
    return token === undefined ? undefined : await verifyUserToken(token, c.env.userTokens, c.env.fetchKeys);
  } catch (fault) {
    if (fault instanceof TrivetError) return undefined;
    throw fault;
  }
}

/** The service whose valid token a request carries, if any. */
export async function identifyService<Deps>(c: ServiceContext<Deps>): Promise<ServiceActor | undefined> {
  const token = c.req.header("x-service-token");
  return token === undefined ? undefined : await verifyServiceToken(token, c.env.serviceTokens).catch(() => undefined);
}

/**
 * The address of the client, as the router tells it. Undefined when the request did not come through
 * the router, whose service token proves it: anyone can send the header.
 */
export async function clientAddress<Deps>(c: Pick<ServiceContext<Deps>, "req" | "env">): Promise<string | undefined> {
  const token = c.req.header("x-service-token");
  const address = c.req.header("x-client-ip");
  if (token === undefined || address === undefined) return undefined;
  const sender = await verifyServiceToken(token, c.env.serviceTokens).catch(() => undefined);
  return sender?.name === "router" ? address : undefined;
}

/** A token made for less than everything (an API key's) needs `<service>:read` or `<service>:write`. */
function assertScope(user: UserActor, state: RequestState, method: RouteContract["method"]): void {
  if (user.scopes === undefined) return;
  const needed = `${state.invocation.service}:${method === "get" ? "read" : "write"}`;
  if (!user.scopes.includes(needed)) throw new TrivetError("forbidden", `The token lacks the scope ${needed}.`);
}

/** RFC 6750 section 2.1. Undefined without the header or with an empty one, which workerd drops; another form is refused. */
function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization === "") return undefined;
  const match = /^Bearer +([\w.~+/=-]+)$/i.exec(authorization);
  if (match?.[1] !== undefined) return match[1];
  throw new TrivetError("unauthenticated", "The Authorization header must be `Bearer <token>`.");
}
