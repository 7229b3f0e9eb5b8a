import { createTestDatabase } from "@trivet/testing";
import { expect, onTestFinished, test } from "vitest";
import { claimBatches, freeLanes, insertMessages, makeLanes, openLease } from "../src/queues/postgres/queries.ts";
import { createStore } from "../src/store/index.ts";

test("a lane is nobody else's while somebody has it, however many ask for it in the same moment", async () => {
  const { urls, drop } = await createTestDatabase();
  onTestFinished(drop);
  const askers = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const store = createStore(urls.host ?? "");
      onTestFinished(() => store.close());
      const db = store.database();
      return { db, lease: await openLease(db, "asker") };
    }),
  );
  const [first] = askers;
  if (!first) throw new Error("Nobody asks.");
  const messages = Array.from({ length: 2_000 }, () => ({
    ...{ id: crypto.randomUUID(), queue: "q", contentType: "text" as const, delaySeconds: 0 },
    body: new Uint8Array(1),
  }));
  await makeLanes(first.db, "q", 2);
  await insertMessages(first.db, messages, []);
  let taken = 0;
  let claims = 0;
  const mostTaken: number[] = [];
  await Promise.all(
    askers.map(async ({ db, lease }) => {
      while (claims < 400) {
        const { lanes } = await claimBatches(db, lease, "q", { batches: 2, size: 1, most: 2 });
        if (lanes.length === 0) continue;
        claims += 1;
        taken += lanes.length;
        mostTaken.push(taken);
        // Others ask meanwhile.
        await db.query("SELECT");
        taken -= lanes.length;
        await freeLanes(db, lease, "q", lanes);
      }
    }),
  );
  expect(Math.max(...mostTaken)).toBe(2);
});
