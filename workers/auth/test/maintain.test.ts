import { openDatabase } from "@trivet/db";
import { createTestDatabase } from "@trivet/testing";
import postgres from "postgres";
import { expect, test } from "vitest";
import { removeExpired } from "../src/maintain.ts";

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
      INSERT INTO auth.address_brakes (key, tries, updated_at)
        VALUES ('old', '{}', now() - interval '25 hours'), ('new', '{}', now());
      INSERT INTO auth.known_addresses (user_id, address_hash, last_used_at)
        SELECT id, 'old', now() - interval '181 days' FROM auth.users UNION SELECT id, 'new', now() FROM auth.users;`);
    await removeExpired({ db });
    const counts: Record<string, number> = {};
    for (const table of [
      ...["sessions", "verifications", "mails", "signing_keys"],
      ...["account_brakes", "address_brakes", "known_addresses", "users"],
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
