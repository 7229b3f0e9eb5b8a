import type { RouteConfig } from "@hono/zod-openapi";
import { type ErrorCode, errorCodes } from "@trivet/platform";
import { z } from "zod";
import type { RouteContract } from "../contract.ts";

const fieldError = z.object({
  in: z.enum(["body", "query", "path", "header"]),
  pointer: z.string().meta({ description: "RFC 6901 JSON pointer to the field" }),
  detail: z.string(),
});

/** RFC 9457, as every refusal is written. */
const problemSchema = z
  .object({
    type: z.string().meta({ description: "A page that explains the code" }),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "What was expected, and how to mend it" }),
    instance: z.string().meta({ description: "The path that was asked for" }),
    code: z.enum(Object.keys(errorCodes)),
    error: z.string().meta({ description: "The title again, for simple clients" }),
    request_id: z.string(),
    errors: z.array(fieldError).optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457 problem details" });

/** The OpenAPI operation of a contract: its own words, and what is true of every route of its kind. */
export function describeRoute({ access, errors = [], etag, bodyLimit: _, ...contract }: RouteContract): RouteConfig {
  const own = Object.fromEntries(
    Object.entries(contract.responses).map(([status, answer]) => [status, asAnswer(answer)]),
  );
  const codes = new Set<ErrorCode>([...universalCodes({ access, ...contract }), ...errors]);
  return {
    ...contract,
    tags: contract.tags ?? [contract.path.split("/")[1] ?? ""],
    operationId: contract.operationId ?? operationId(contract.method, contract.path),
    security: securityOf(access.kind),
    responses: {
      ...refusals(codes),
      ...(etag && { 304: { description: "The client's copy is current" } }),
      ...own,
    },
    ...(access.roles && { "x-roles": access.roles }),
  };
}

type Answer = RouteConfig["responses"][string];

/** What `json()` makes serves requests too, where it is `required`; OpenAPI has no such member in an answer. */
function asAnswer(answer: Answer): Answer {
  if (!("required" in answer)) return answer;
  const { required: _, ...rest } = answer;
  return rest;
}

function* universalCodes(contract: Pick<RouteContract, "access" | "request">): Generator<ErrorCode> {
  const { access, request } = contract;
  yield* ["rate_limited", "internal", "unavailable", "deadline_exceeded", "bad_gateway"] as const;
  yield* ["malformed_request"] as const;
  if (request?.params ?? request?.query ?? request?.headers ?? request?.body) yield "validation_failed";
  if (request?.body) yield* ["payload_too_large", "unsupported_media_type", "request_timeout"] as const;
  if (access.kind === "service") yield* ["service_token_required", "service_token_invalid"] as const;
  if (access.kind === "user" || access.kind === "role" || access.kind === "optional") {
    yield* ["unauthenticated", "forbidden"] as const;
  }
}

/** One response per status; its description lists the codes that share it. */
function refusals(codes: Iterable<ErrorCode>): RouteConfig["responses"] {
  const byStatus = Map.groupBy(codes, (code) => errorCodes[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      {
        description: group.map((code) => `\`${code}\`: ${errorCodes[code].detail}`).join("\n\n"),
        content: { "application/problem+json": { schema: problemSchema } },
      },
    ]),
  );
}

function securityOf(kind: RouteContract["access"]["kind"]): Record<string, string[]>[] {
  if (kind === "anyone") return [];
  if (kind === "service") return [{ serviceToken: [] }];
  return kind === "optional" ? [{}, { accessToken: [] }, { apiKey: [] }] : [{ accessToken: [] }, { apiKey: [] }];
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
