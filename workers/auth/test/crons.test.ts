import { IdempotentAnswers, openDatabase, UsedMessages } from "@trivet/db";
import { createTestDatabase } from "@trivet/testing";
import postgres from "postgres";
import { expect, onTestFinished, test } from "vitest";
import { removeExpired } from "../src/crons/remove-expired.ts";
import { idempotencyKeys, usedMessages } from "../src/tables.ts";
import { register } from "./system/people.ts";
import { startAuth } from "./system/start-auth.ts";

test("what nobody can use any more is deleted, and nothing else", async () => {
  const database = await createTestDatabase();
  const sql = postgres(database.adminUrl, { max: 1, onnotice: () => {} });
  const closers: (() => Promise<void>)[] = [];
  const url = database.urls.auth ?? "";
  const db = openDatabase({ connectionString: url }, { service: "auth", defer: (close) => void closers.push(close) });
  try {
    await sql.unsafe(`
      INSERT INTO auth.users (id, email, username, name) VALUES ('019a9f00-0000-7000-8000-000000000001', 'a@b.c', 'ada', 'Ada');
      INSERT INTO auth.sessions (id, user_id, last_used_at, expires_at)
        SELECT gen_random_uuid(), u.id, now() - idle, now() + rest FROM auth.users u,
          (VALUES (interval '0', interval '-1 second'), ('31 days', '1 day'), ('29 days', '1 day')) AS s (idle, rest);
      INSERT INTO auth.verifications (id, identifier, value, expires_at)
        VALUES ('1', 'x', 'x', now() - interval '1 second'), ('2', 'y', 'y', now() + interval '1 minute');
      INSERT INTO auth.mails (id, sealed, expires_at)
        VALUES (gen_random_uuid(), 'x', now() - interval '1 second'), (gen_random_uuid(), 'y', now() + interval '1 minute');
      INSERT INTO auth.signing_keys (kid, public_jwk, sealed_private_jwk, signs_from, published_until)
        VALUES ('dead', '{}', 'x', now(), now() - interval '1 second'), ('live', '{}', 'x', now(), NULL);
      INSERT INTO auth.account_brakes (key, failures, updated_at)
        VALUES ('old', 9, now() - interval '25 hours'), ('new', 9, now());
      INSERT INTO auth.idempotency_keys (caller, key, fingerprint, claim, leased_until, created_at)
        VALUES ('a', 'old', 'x', gen_random_uuid(), now(), now() - interval '25 hours'),
          ('a', 'new', 'x', gen_random_uuid(), now(), now());
      INSERT INTO auth.used_messages (id, used_at) VALUES ('old', now() - interval '11 minutes'), ('new', now());
      INSERT INTO auth.address_brakes (key, tries, updated_at)
        VALUES ('old', '{}', now() - interval '25 hours'), ('new', '{}', now());
      INSERT INTO auth.known_addresses (user_id, address_hash, last_used_at)
        SELECT id, 'old', now() - interval '181 days' FROM auth.users UNION SELECT id, 'new', now() FROM auth.users;`);
    const answers = new IdempotentAnswers(db, idempotencyKeys);
    await removeExpired({ db, answers, replays: new UsedMessages(db, usedMessages) });
    const counts: Record<string, number> = {};
    for (const table of [
      ...["sessions", "verifications", "mails", "signing_keys"],
      ...["account_brakes", "address_brakes", "known_addresses", "users", "idempotency_keys", "used_messages"],
    ]) {
      counts[table] = (await sql`SELECT 1 FROM ${sql(`auth.${table}`)}`).length;
    }
    expect(new Set(Object.values(counts))).toEqual(new Set([1]));
  } finally {
    for (const close of closers) await close();
    await sql.end();
    await database.drop();
  }
});

test("an event that was not sent, because the process died, is sent off within a minute", async () => {
  const auth = await startAuth();
  onTestFinished(() => auth.stop());
  const person = await register(auth);
  await auth.settled();
  await auth.sql`
    INSERT INTO auth.outbox (id, event, version, service, subject, trace_id, span_id, data)
    VALUES (gen_random_uuid(), 'user.created', 1, 'auth', ${person.id}, ${"0".repeat(32)}, ${"0".repeat(16)},
      ${auth.sql.json({ userId: person.id })})`;
  auth.events.sent.length = 0;
  await auth.tick("* * * * *");
  expect(auth.events.sent).toMatchObject([{ event: "user.created", subject: person.id }]);
  expect(await auth.sql`SELECT 1 FROM auth.outbox`).toEqual([]);
});

test("a signing key that has served its time is followed by another, without a request", async () => {
  const auth = await startAuth();
  onTestFinished(() => auth.stop());
  await auth.tick("17 3 * * *");
  await auth.tick("17 3 * * *");
  expect(await auth.sql`SELECT published_until FROM auth.signing_keys`).toEqual([{ published_until: null }]);
  await auth.sql`UPDATE auth.signing_keys SET signs_from = now() - interval '30 days 1 minute'`;
  await auth.tick("17 3 * * *");
  expect(await auth.sql`SELECT signs_from > now() AS waits FROM auth.signing_keys ORDER BY signs_from`).toEqual([
    { waits: false },
    { waits: true },
  ]);
});
