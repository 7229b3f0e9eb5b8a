/** What the host promises of a service binding and workerd does not, by the title of the case, and why. */
export const workerdDiffers: Readonly<Record<string, string>> = {
  "an abort before the answer rejects the call and reaches the callee":
    "the callee's `request.signal` is off by default; work that nobody waits for ends at its deadline",
  "a deadline that passes rejects with TimeoutError":
    "the rejection is a plain Error, so callers go by their own clock and not by the name",
};
