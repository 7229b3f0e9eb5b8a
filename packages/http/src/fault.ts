import { describeError, type ErrorCode, errorCodes, TrivetError } from "@trivet/platform";
import { HTTPException } from "hono/http-exception";
import type { ServiceEnv } from "./env.ts";
import type { Mounted } from "./mounted.ts";

/** What a failure is to the caller, and what the log says of one that is not the caller's own. */
export interface Failure {
  fault: TrivetError;
  told: Record<string, unknown>;
}

/** What is our own fault is told to the caller as no more than that. */
export function failureOf<Env extends ServiceEnv, Deps>(error: unknown, { service }: Mounted<Env, Deps>): Failure {
  const known = error instanceof TrivetError ? error : recognised(service, error);
  const fault = known ?? new TrivetError("internal", undefined, { cause: error });
  if (fault.status < 500) return { fault, told: {} };
  const hint = known && errorCodes[fault.code].operator;
  return { fault, told: { reason: fault.code, ...(hint && { hint }), fault: describeError(fault.cause ?? fault) } };
}

/** A service's own look at a failure must not become another one. */
function recognised(service: { faults?(error: unknown): TrivetError | undefined }, error: unknown) {
  try {
    return service.faults?.(error) ?? httpFault(error);
  } catch {
    return undefined;
  }
}

const httpCodes = new Map<number, ErrorCode>([
  [413, "payload_too_large"],
  [415, "unsupported_media_type"],
]);

/** What Hono and its validators throw: a body that cannot be read is the only case left to them. */
function httpFault(error: unknown): TrivetError | undefined {
  if (!(error instanceof HTTPException) || error.status >= 500) return undefined;
  return new TrivetError(httpCodes.get(error.status) ?? "malformed_request", undefined, { cause: error });
}
