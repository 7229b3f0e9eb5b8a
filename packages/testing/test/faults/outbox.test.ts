import { expect, test } from "vitest";
import { availableDrivers } from "../../src/conformance/queues/drivers.ts";
import { crashPath } from "../../src/faults/outbox/crash-path.ts";

test.each(availableDrivers)(
  "killed at every step, on %s: what committed has its effect once, and what was rolled back none",
  // Seven processes start one after the other, and what the last one held comes after its lease.
  { timeout: 120_000 },
  async (driver) => {
    const report = await crashPath({ driver, transactions: 200, rate: 100, hurry: true });
    expect(report).toMatchObject({ invented: 0, lost: 0, doubled: 0, crashes: 6 });
    expect(report.committed).toBeGreaterThanOrEqual(140);
    expect(report.rolledBack).toBeGreaterThanOrEqual(60);
  },
);
