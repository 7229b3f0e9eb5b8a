import { TrivetError } from "../errors.ts";

/** Redis cannot be reached, or is in no state to serve. */
export const unreachableRedis = (cause: unknown): TrivetError => new TrivetError("unavailable", undefined, { cause });

/** How Redis's own words begin when it is there but cannot serve. */
const outOfService =
  /^(?:BUSY|CLUSTERDOWN|LOADING|MASTERDOWN|MISCONF|NOAUTH|NOREPLICAS|OOM|READONLY|TRYAGAIN|WRONGPASS)\b/;

/** What a refused command means to whoever sent it. */
export function refusedCommand(error: string): TrivetError {
  const cause = new Error(error);
  if (outOfService.test(error)) return unreachableRedis(cause);
  if (error.startsWith("WRONGTYPE") || /is not (?:an integer|a valid float)/.test(error))
    return new TrivetError("corrupt_data", undefined, { cause });
  return new TrivetError("internal", undefined, { cause });
}
