import type { OpenAPIHono, RouteConfig, RouteHandler } from "@hono/zod-openapi";
import type { Envelope, EventContract } from "@trivet/contracts";
import type { Actor, CallContract, CallReply } from "@trivet/platform";
import type { z } from "zod";
import { type Access, access } from "./access/access.ts";
import { grantAccess } from "./access/grant.ts";
import { json, noContent, type RouteContract } from "./contract.ts";
import { describeRoute } from "./docs/describe-route.ts";
import { encryption } from "./encryption/exchange.ts";
import { answerOnce, type Handler } from "./idempotency/answer-once.ts";
import { defaultBodyLimit, jsonBody } from "./input/json-body.ts";
import { strictQuery } from "./input/query.ts";
import { refuseInvalid } from "./input/validation.ts";
import { cacheable } from "./output/cacheable.ts";
import type { HandlerEnv } from "./state.ts";

/** A handler for one kind of event. */
export interface EventHandler<Deps> {
  event: EventContract;
  handle(deps: Deps, envelope: Envelope): Promise<void>;
}

/** A route as a value: listed once in `service.ts`, registered by `createApp`. */
export interface Route<Deps> {
  contract: RouteContract;
  register(app: OpenAPIHono<HandlerEnv<Deps>>, kind?: { atDoor: boolean }): void;
}

type CallerOf<Contract extends RouteContract> =
  Contract["access"] extends Access<infer Caller extends Actor> ? Caller : Actor;

type Parsed<Contract, Key extends string> =
  Contract extends Record<Key, infer Schema extends z.ZodType> ? Record<Key, z.output<Schema>> : unknown;

/** What a call's handler gets: the parsed parts of the call, and the service's dependencies. */
export type CallArguments<Contract extends CallContract, Deps> = { deps: Deps } & Parsed<Contract, "params"> &
  Parsed<Contract, "query"> &
  Parsed<Contract, "body">;

/** The three builders of a service, with the type of its dependencies filled in. */
export function routesFor<Deps>() {
  return {
    /** A public route: its contract, and the handler that answers as the contract says. */
    route<const Contract extends RouteContract>(
      contract: Contract,
      handler: RouteHandler<Contract, HandlerEnv<Deps, CallerOf<Contract>>>,
    ): Route<Deps> {
      return {
        contract,
        register: (app, kind = { atDoor: false }) => {
          const operation = { ...describeRoute(contract, kind), middleware: guards(contract) };
          const answering =
            contract.idempotencyKey === undefined ? handler : answerOnce<Deps>(contract, plainHandler<Deps>(handler));
          app.openapi(operation, sameHandler<Deps>(answering), refuseInvalid);
        },
      };
    },

    /** The serving side of a call between services, below `/<service>/internal`. */
    serve<const Contract extends CallContract>(
      call: Contract,
      handler: (input: CallArguments<Contract, Deps>) => Promise<CallReply<Contract>>,
    ): Route<Deps> {
      const contract = routeOfCall(call);
      return {
        contract,
        register: (app, kind = { atDoor: false }) => {
          const operation = { ...describeRoute(contract, kind), middleware: guards(contract), hide: true };
          app.openapi(
            operation,
            async (c) => {
              const parts = {
                deps: c.var.deps,
                params: valid(c, "param"),
                query: valid(c, "query"),
                body: valid(c, "json"),
              };
              const reply = await handler(argumentsOf<Contract, Deps>(parts));
              return reply === undefined ? c.body(null, 204) : c.json(reply);
            },
            refuseInvalid,
          );
        },
      };
    },

    /** A handler for one kind of event; a repeat of an event must be harmless. */
    on<Name extends string, Data extends z.ZodObject>(
      event: EventContract<Name, Data>,
      handle: (deps: Deps, data: z.output<Data>, envelope: Envelope) => Promise<void>,
    ): EventHandler<Deps> {
      return { event, handle: (deps, envelope) => handle(deps, event.data.parse(envelope.data), envelope) };
    },
  };
}

/** What stands before a handler, in order: access first, so that a stranger learns nothing of the contract. */
function guards(contract: RouteContract) {
  const body = contract.request?.body?.content;
  const readsJson = body !== undefined && "application/json" in body;
  return [
    grantAccess(contract),
    encryption(contract),
    ...(contract.cache ? [cacheable(contract.cache)] : []),
    strictQuery(contract.request?.query),
    ...(readsJson ? [jsonBody(contract.bodyLimit ?? defaultBodyLimit, contract.beacon)] : []),
  ];
}

const routeOfCall = (call: CallContract): RouteContract => ({
  method: call.method,
  path: `/${call.service}/internal${call.path}`,
  summary: call.summary,
  access: access.service(...call.callers),
  ...(call.encryption && { encryption: call.encryption }),
  request: {
    ...(call.params && { params: call.params }),
    ...(call.query && { query: call.query }),
    ...(call.body && { body: json(call.body) }),
  },
  responses: call.reply ? { 200: json(call.reply, "The reply") } : { 204: noContent("Done") },
});

/** `c.req.valid` of a target whose validator a generic contract may or may not have registered. */
const valid = (c: { req: { valid(target: never): unknown } }, target: "param" | "query" | "json"): unknown =>
  c.req.valid(target as never);

/** The validators registered from the very contract have parsed these parts. */
const argumentsOf = <Contract extends CallContract, Deps>(parts: object): CallArguments<Contract, Deps> =>
  parts as CallArguments<Contract, Deps>;

/**
 * The described contract differs from the handler's own by documentation only (tags, refusals), and
 * `grantAccess` has established the caller's type; neither is visible to Hono's types.
 */
const sameHandler = <Deps>(handler: unknown): RouteHandler<RouteConfig, HandlerEnv<Deps>> =>
  handler as RouteHandler<RouteConfig, HandlerEnv<Deps>>;

/** A handler answers with a `Response` that its type says more of; for what only looks at the former. */
const plainHandler = <Deps>(handler: unknown): Handler<Deps> => handler as Handler<Deps>;
