import type { Caller } from "./caller.ts";
import type { Deps } from "./deps.ts";
import type { Destination } from "./public-path.ts";
import type { Allowance } from "./rate-limit.ts";

/** What takes a password, a code or a token: guessing is made expensive. */
const credentials =
  /^\/auth\/(?:login|register|session|refresh|verify-email(?:\/resend)?|password\/[\w-]+|2fa\/[\w-]+|passkeys\/(?:login|register)(?:\/options)?)$/;

/** Counts a request against the limit of its class: credentials by address, else by user, else by address. */
export function takeAllowance(deps: Deps, method: string, to: Destination, caller: Caller): Allowance {
  const { limiters } = deps;
  if (method === "POST" && credentials.test(to.path)) return limiters.credentials.take(caller.address);
  if (caller.userId !== undefined) return limiters.user.take(caller.userId);
  return limiters.address.take(caller.address);
}
