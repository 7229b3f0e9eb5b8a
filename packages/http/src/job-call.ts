import { type Call, createCall, type Invocation, type KeyRings } from "@trivet/platform";

/** Milliseconds that one try of a call may take: another service answers within them or not at all. */
const longestCall = 30_000;

/** Calls of work that may itself take much longer than any answer. */
export const jobCall = (invocation: Invocation, secret: string, keys: KeyRings): Call =>
  createCall(
    {
      ...invocation,
      get deadline() {
        return Math.min(invocation.deadline, Date.now() + longestCall);
      },
    },
    secret,
    keys,
  );
