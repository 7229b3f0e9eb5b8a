import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTestDatabase, type TestDatabase } from "@trivet/testing";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";

let database: TestDatabase;
let sql: postgres.Sql;
beforeAll(async () => {
  database = await createTestDatabase();
  sql = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
});
afterAll(async () => {
  await sql.end();
  await database.drop();
});

const migrate = (way: "up" | "down") =>
  sql.unsafe(readFileSync(join(import.meta.dirname, `../../../drizzle/analytics/0005_chunks.${way}.sql`), "utf8"));
const events = async () => [
  ...(await sql`select at, visitor, source, name, properties from analytics.events order by at, name, properties`),
];

test("events that were rows lie in chunks with what was said of them, counted or not, and are rows again on the way back", async () => {
  await migrate("down");
  await sql`create table analytics.events_20260131 partition of analytics.events
    for values from ('2026-01-31T00:00Z') to ('2026-02-01T00:00Z')`;
  const [waiting] = await sql`
    insert into analytics.batches (first_at, last_at, size) values ('2026-01-31T10:00Z', '2026-01-31T11:00Z', 5) returning id`;
  await sql`
    insert into analytics.events (at, batch, visitor, source, name, properties)
    select '2026-01-31T00:00Z'::timestamptz + n * interval '18.913 seconds', case when n < 5 then ${waiting?.id}::bigint else 0 end,
      case when n % 3 = 0 then null else gen_random_uuid() end, case when n % 7 = 0 then 'user' else 'site:a' end,
      'name "' || n % 5 || '\\', jsonb_build_object('n', n)
    from generate_series(1, 4500) as n`;
  const before = await events();
  await migrate("up");
  expect(await events()).toEqual(before);
  expect(await sql`select counted, sum(size)::int as events from analytics.chunks group by 1 order by 1`).toEqual([
    { counted: false, events: 4 },
    { counted: true, events: 4_496 },
  ]);
  await migrate("down");
  expect(await events()).toEqual(before);
  expect(
    await sql`
    select count(*)::int as events from analytics.events join analytics.batches on batches.id = batch`,
  ).toEqual([{ events: 4 }]);
  await migrate("up");
  expect(await events()).toEqual(before);
});
