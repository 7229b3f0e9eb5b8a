import type { Keep } from "@trivet/platform";

/** What services opened once for the life of this process: connection pools, as a rule. */
export interface Kept {
  /** A `keep` of its own for each binding. */
  keepOne(): Keep;
  /** Closes everything that was opened; rejects with all that failed to close. */
  close(): Promise<void>;
}

export function createKept(): Kept {
  const closers: (() => Promise<void>)[] = [];
  return {
    keepOne() {
      let held: { resource: unknown } | undefined;
      return (open, close) => {
        if (held === undefined) {
          const resource = open();
          closers.push(() => close(resource));
          held = { resource };
        }
        return resourceOf(held);
      };
    },
    async close() {
      const results = await Promise.allSettled(closers.splice(0).map((close) => close()));
      const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
      if (errors.length > 0) throw new AggregateError(errors, "Some kept resources did not close");
    },
  };
}

/** A binding's `keep` is called with one kind of resource only, by the one function that opens databases. */
const resourceOf = <T>(held: { resource: unknown }): T => held.resource as T;
