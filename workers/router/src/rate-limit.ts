import { TrivetError } from "@trivet/platform";
import type { Allowance } from "@trivet/platform/limits";

/** Throws `rate_limited`, with the seconds until the window ends, when the allowance is used up. */
export function assertAllowed(allowance: Allowance): void {
  if (allowance.allowed) return;
  const headers = allowanceHeaders(allowance);
  throw new TrivetError("rate_limited", undefined, { retryAfter: allowance.reset, headers });
}

/**
 * The `RateLimit-*` fields in their widely read form, and `RateLimit-Policy` as the current
 * draft-ietf-httpapi-ratelimit-headers has it; `trivet-local` says that each process counts for itself.
 */
export const allowanceHeaders = (allowance: Allowance): Record<string, string> => ({
  "ratelimit-limit": String(allowance.limit),
  "ratelimit-remaining": String(allowance.remaining),
  "ratelimit-reset": String(allowance.reset),
  "ratelimit-policy": `"${allowance.name}";q=${allowance.limit};w=${allowance.window}${allowance.local ? ";trivet-local" : ""}`,
});
