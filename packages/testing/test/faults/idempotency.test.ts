import { expect, test } from "vitest";
import { sendTwins } from "../../src/faults/idempotency/twins.ts";

// The short form of `npm run fault:idempotency`.
test("the same requests many times over, and a process that is killed meanwhile: one effect each, and equal replies", async () => {
  const options = { runtime: "node", twins: 200, keys: 60, copies: 3, kills: 1, endLeases: true } as const;
  const report = await sendTwins(options);
  expect(report).toMatchObject({ effects: 1, replies: 1, fresh: 1, lost: 0, doubled: 0, divided: 0 });
});
