import type { RouteConfig } from "@hono/zod-openapi";
import type { Encryption, ErrorCode } from "@trivet/platform";
import type { z } from "zod";
import type { Access } from "./access/access.ts";

/** What a route promises: an OpenAPI operation, who may call it, and how it can refuse. */
export interface RouteContract extends RouteConfig {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** The whole path with the service's prefix, parameters in braces. */
  path: `/${string}`;
  summary: string;
  access: Access;
  /** Refusals of this route's own. Those that any route can give are added. */
  errors?: readonly ErrorCode[];
  /** The answer has an `ETag` and may be 304. */
  etag?: boolean;
  /**
   * Whether a caller may or must send an `Idempotency-Key`, so that sending the request again has no second effect. For
   * what creates something, and whose answer `ServiceDefinition.idempotency` may keep for a day.
   */
  idempotencyKey?: "optional" | "required";
  /** Whether the JSON of the body may also come as `text/plain`, all that `navigator.sendBeacon` sends without a preflight. */
  beacon?: boolean;
  /**
   * Whether request and answer are encrypted under the service's key: always, as the caller wishes, or never (where this
   * is left out). What is in the address and in other headers is not; a stream is read to its end first.
   */
  encryption?: Encryption;
  /** For how long anybody may be given the answer again; for what is the same for everybody. */
  cache?: Cacheable;
  /** Bytes a body may have, if not the usual mebibyte. */
  bodyLimit?: number;
}

/** In seconds, as `Cache-Control` names them (RFC 9111, RFC 5861). */
export interface Cacheable {
  /** As old as it may be without anybody looking. */
  maxAge: number;
  /** Beyond that: while a newer one is asked for, and while none is to be had. */
  staleWhileRevalidate?: number;
  staleIfError?: number;
  /** What it can be purged by at the router. */
  tags?: readonly string[];
}

/** JSON content of a request or an answer. */
export const json = <Schema extends z.ZodType>(schema: Schema, description = "") => ({
  content: { "application/json": { schema } },
  required: true as const,
  description,
});

/** An answer without content. */
export const noContent = (description: string) => ({ description });
