import type { RouteConfig } from "@hono/zod-openapi";
import type { ErrorCode } from "@trivet/platform";
import { z } from "zod";
import type { RouteContract } from "../contract.ts";
import { keyParameter } from "../idempotency/key-parameter.ts";
import { encryptedAnswer, encryptedRequest, encryptionCodes, encryptionParameters, isEncrypted } from "./encryption.ts";
import { everywhere, type HeaderName, headersNamed, limited } from "./headers.ts";
import { refusal, refusalsOf } from "./refusals.ts";

type Answer = RouteConfig["responses"][string];

/**
 * The OpenAPI operation of a contract: its own words, and what is true of every route of its kind. What
 * is answered `atDoor` is the router's own, which counts nobody for it and asks no service's leave.
 */
export function describeRoute(contract: RouteContract, { atDoor }: { atDoor: boolean }): RouteConfig {
  const {
    access,
    errors = [],
    etag,
    idempotencyKey,
    encryption: _,
    bodyLimit: __,
    beacon,
    cache: ___,
    ...operation
  } = contract;
  const codes = new Set<ErrorCode>([...(atDoor ? doorCodes : universalCodes(contract)), ...errors]);
  const refusals = refusalsOf(codes);
  const answers: Record<string, Answer> = {
    ...(etag && { 304: { description: "The client's copy is current" } }),
    ...operation.responses,
  };
  const own = Object.entries(answers).map(([status, answer]) => {
    const described = withHeaders(asAnswer(answer), headersOf(contract, Number(status), atDoor));
    return [status, status in refusals ? either(described, status, codes) : described] as const;
  });
  const parameters = [...(idempotencyKey ? [keyParameter(idempotencyKey)] : []), ...encryptionParameters(contract)];
  const said = beacon && operation.request ? withPlainText(operation.request) : operation.request;
  const request = isEncrypted(contract) ? encryptedRequest(said) : said;
  const all = Object.entries({ ...refusals, ...Object.fromEntries(own) });
  const given = isEncrypted(contract) ? all.map(([status, answer]) => [status, encryptedAnswer(answer)] as const) : all;
  return {
    ...operation,
    ...(request && { request }),
    ...(parameters.length > 0 && { parameters }),
    tags: operation.tags ?? [operation.path.split("/")[1] ?? ""],
    operationId: operation.operationId ?? operationId(operation.method, operation.path),
    security: operation.security ?? securityOf(access, atDoor),
    responses: Object.fromEntries(given),
    ...(access.roles && { "x-roles": access.roles }),
  };
}

/** The same JSON under the type that beacons have. */
function withPlainText(request: NonNullable<RouteConfig["request"]>): NonNullable<RouteConfig["request"]> {
  const content = request.body?.content["application/json"];
  if (!request.body || !content) return request;
  return { ...request, body: { ...request.body, content: { ...request.body.content, "text/plain": content } } };
}

/** What `json()` makes serves requests too, where it is `required`; OpenAPI has no such member in an answer. */
function asAnswer(answer: Answer): Answer {
  if (!("required" in answer)) return answer;
  const { required: _, ...rest } = answer;
  return rest;
}

function withHeaders(answer: Answer, names: Iterable<HeaderName>): Answer {
  if ("$ref" in answer) return answer;
  return { ...answer, headers: { ...headersNamed(names), ...answer.headers } };
}

function* headersOf(contract: RouteContract, status: number, atDoor: boolean): Generator<HeaderName> {
  yield* everywhere;
  if (!atDoor) yield* limited;
  const { etag, request, idempotencyKey, cache } = contract;
  if (cache && (status === 200 || status === 304)) yield* ["cache-control", "age", "cache-status"] as const;
  if (idempotencyKey && status < 300) yield "idempotency-replayed";
  if ((etag || takes(request?.headers, "if-match")) && (status === 200 || status === 304)) yield "etag";
  if (takes(request?.query, "cursor") && status === 200) yield "link";
  if (status >= 300 && status !== 304 && status < 400) yield "location";
}

const takes = (schema: unknown, name: string): boolean => schema instanceof z.ZodObject && name in schema.shape;

/** A status that is an answer of its own and a refusal, too: readiness is told with 503. */
function either(answer: Answer, status: string, codes: Iterable<ErrorCode>): Answer {
  if ("$ref" in answer) return answer;
  const refused = refusal([...codes].filter((code) => status in refusalsOf([code])));
  return {
    ...answer,
    description: `${answer.description ?? ""}\n\n${refused.description}`,
    headers: { ...refused.headers, ...answer.headers },
    content: { ...refused.content, ...answer.content },
  };
}

const doorCodes = ["malformed_request", "validation_failed", "internal"] as const;

function* universalCodes(contract: RouteContract): Generator<ErrorCode> {
  const { access, request, method, idempotencyKey } = contract;
  if (idempotencyKey) yield* ["idempotency_key_in_use", "idempotency_key_reused"] as const;
  yield* doorCodes;
  yield* encryptionCodes(contract);
  yield* ["rate_limited", "unavailable", "deadline_exceeded", "bad_gateway"] as const;
  // Of what is sent to any address, the router caps the length and the time; nobody sends GET a body.
  if (method !== "get") yield* ["payload_too_large", "request_timeout"] as const;
  if (request?.body) yield "unsupported_media_type";
  if (access.kind === "service") yield* ["service_token_required", "service_token_invalid"] as const;
  // Where anyone may call, an API key that is none is refused all the same.
  else yield "unauthenticated";
  if (access.kind !== "service" && access.kind !== "anyone") yield "forbidden";
}

function securityOf({ kind, services }: RouteContract["access"], atDoor: boolean): Record<string, string[]>[] {
  if (kind === "anyone") return [];
  if (kind === "service") return [{ serviceToken: [] }];
  // A key is exchanged on its way to a service; the router's own routes have none behind them.
  const user = atDoor ? [{ accessToken: [] }] : [{ accessToken: [] }, { apiKey: [] }];
  return [...(kind === "optional" ? [{}] : []), ...user, ...(services ? [{ serviceToken: [] }] : [])];
}

/** `get /users/{id}/followers` becomes `getUsersByIdFollowers`. */
const operationId = (method: string, path: string): string =>
  method +
  path
    .split("/")
    .filter(Boolean)
    .map((part) => (part.startsWith("{") ? `By-${part.slice(1, -1)}` : part))
    .flatMap((part) => part.split(/[^A-Za-z\d]+/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
