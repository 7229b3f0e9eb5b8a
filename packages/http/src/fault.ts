import { describeError, type ErrorCode, errorCodes, type Invocation, TrivetError } from "@trivet/platform";
import { HTTPException } from "hono/http-exception";
import type { ServiceEnv } from "./env.ts";
import type { Mounted } from "./mounted.ts";

/** What a failure is to the caller; what is our own fault is logged and told as no more than that. */
export function faultOf<Env extends ServiceEnv, Deps>(
  error: unknown,
  { service }: Mounted<Env, Deps>,
  invocation: Invocation,
): TrivetError {
  const fault = error instanceof TrivetError ? error : recognised(service, error);
  if (!fault) {
    invocation.log.error("A request failed", { fault: describeError(error) });
    return new TrivetError("internal", undefined, { cause: error });
  }
  if (fault.status >= 500) {
    invocation.log.warn("A request could not be served: {reason}", {
      reason: fault.code,
      hint: errorCodes[fault.code].operator,
      fault: describeError(fault.cause ?? fault),
    });
  }
  return fault;
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
