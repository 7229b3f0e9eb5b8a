import { expect, test } from "vitest";
import { crashRelays } from "../../src/faults/outbox/crash-relays.ts";

test("relays killed at every step: what committed has its effect once, and what was rolled back none", async () => {
  const report = await crashRelays({ transactions: 200, rate: 100, hurry: true });
  expect(report).toMatchObject({ invented: 0, lost: 0, doubled: 0, crashes: 4 });
  expect(report.committed).toBeGreaterThanOrEqual(140);
  expect(report.rolledBack).toBeGreaterThanOrEqual(60);
});
