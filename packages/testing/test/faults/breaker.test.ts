import { expect, test } from "vitest";
import { failAndRecover } from "../../src/faults/breaker.ts";

// The short form of `npm run fault:breaker`, but for how fast an answer is: that is measured on a machine at rest.
test("a service that fails is left alone after five failures, probed by one request, and used again once it is back; others do not notice", async () => {
  const report = await failAndRecover("node");
  expect(report).toMatchObject({ opensAfter: 5, probes: 1, othersFailed: 0 });
  expect(report.closedAfter).toBeLessThanOrEqual(10_000);
});
