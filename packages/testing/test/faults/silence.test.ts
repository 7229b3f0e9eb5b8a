import { expect, test } from "vitest";
import { fallSilent } from "../../src/faults/silence.ts";

// The short form of `npm run fault:black-hole`, but for how late an answer is: that is measured on a machine at rest.
test.each(["service", "database"] as const)(
  "a %s that takes everything and never answers: 503 or 504 at the deadline, and all is well soon after it is back",
  async (who) => {
    const { statuses, recovered } = await fallSilent("node", who);
    expect([503, 504]).toEqual(expect.arrayContaining([...statuses]));
    expect(recovered).toBeLessThanOrEqual(5_000);
  },
);
