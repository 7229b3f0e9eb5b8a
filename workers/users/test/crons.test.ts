import { newId } from "@trivet/platform";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

test("what a crash has left in the outbox is sent off within a minute, without a request", async () => {
  await users.sql`
    INSERT INTO users.outbox (id, event, version, service, subject, trace_id, span_id, data)
    VALUES (${newId()}, 'user.updated', 1, 'users', ${newId()}, ${"0".repeat(32)}, ${"0".repeat(16)}, '{}')`;
  await users.tick("* * * * *");
  expect(await users.sql`SELECT 1 FROM users.outbox`).toEqual([]);
});

test("events that took effect more than 30 days ago are forgotten, and no others", async () => {
  const recent = newId();
  await users.sql`
    INSERT INTO users.inbox (id, event, received_at)
    VALUES (${newId()}, 'user.created', now() - interval '31 days'), (${recent}, 'user.created', now() - interval '29 days')`;
  await users.tick("23 3 * * *");
  expect(await users.sql`SELECT id FROM users.inbox`).toEqual([{ id: recent }]);
});
