import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { claimsOf, confirmEmail, type Person, register, tokenMailed } from "./system/people.ts";
import { type Answer, type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth();
});
afterAll(() => auth.stop());

const created = z.strictObject({
  id: z.uuid(),
  key: z.string().regex(/^tvk_[\w-]{43}$/),
  name: z.string(),
  hint: z.string().length(8),
  scopes: z.array(z.string()).nullable(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.null(),
});

const make = async ({ token, password }: Person, body: object = { name: "script" }) => {
  const answer = await auth.post("/auth/api-keys", { password, ...body }, { token });
  expect(answer.status).toBe(201);
  return created.parse(answer.body);
};
const exchange = (key: string) => auth.asService("router", "POST", "/auth/internal/api-keys/exchange", { key });
const tokenOf = async (key: string): Promise<string> =>
  z.object({ access_token: z.string(), expires_in: z.literal(600) }).parse((await exchange(key)).body).access_token;

describe("POST /auth/api-keys", () => {
  test("201: the key, shown once and stored as a hash", async () => {
    const person = await register(auth);
    const { key, ...shown } = await make(person, {
      name: "script",
      scopes: ["posts:read", "posts:read"],
      expiresIn: 3_600,
    });
    expect(shown).toMatchObject({ name: "script", scopes: ["posts:read"], hint: key.slice(0, 8) });
    const list = await auth.get("/auth/api-keys", person.token);
    expect(list.body).toEqual({ items: [shown] });
    expect(JSON.stringify(await auth.sql`SELECT * FROM auth.api_keys`)).not.toContain(key);
  });

  test("201 again for a repeat with the same Idempotency-Key: the same key, which is stored by no text of it", async () => {
    const { token, password } = await register(auth);
    const headers = { "idempotency-key": newId() };
    const first = await auth.post("/auth/api-keys", { name: "script", password }, { token, headers });
    const repeat = await auth.post("/auth/api-keys", { name: "script", password }, { token, headers });
    expect(repeat).toMatchObject({ status: 201, body: first.body });
    expect(repeat.headers.get("idempotency-replayed")).toBe("true");
    expect((await auth.get("/auth/api-keys", token)).body).toMatchObject({ items: [{ name: "script" }] });
    const { key, id } = created.parse(first.body);
    const stored = JSON.stringify(await auth.sql`SELECT * FROM auth.idempotency_keys`);
    expect(stored).not.toContain(key);
    expect(stored).not.toContain(id);
  });

  test("201 for another user's request with the same Idempotency-Key: a key of their own", async () => {
    const headers = { "idempotency-key": newId() };
    const people = [await register(auth), await register(auth)];
    const answers = await Promise.all(
      people.map(({ token, password }) =>
        auth.post("/auth/api-keys", { name: "script", password }, { token, headers }),
      ),
    );
    const keys = answers.map(({ body }) => created.parse(body).key);
    expect(new Set(keys).size).toBe(2);
  });

  test.for([
    ["no name", {}],
    ["an odd scope", { name: "x", scopes: ["everything"] }],
    ["no scopes at all", { name: "x", scopes: [] }],
    ["an end in the past", { name: "x", expiresIn: -1 }],
    ["an unknown field", { name: "x", userId: newId() }],
  ] as const)("400 for %s", async ([, body]) => {
    const { token, password } = await register(auth);
    expect((await auth.post("/auth/api-keys", { password, ...body }, { token })).status).toBe(400);
  });

  test("422 for the hundred and first", async () => {
    const person = await register(auth);
    await auth.sql`
      INSERT INTO auth.api_keys (id, user_id, name, hash, hint)
      SELECT gen_random_uuid(), ${person.id}, 'x', gen_random_uuid()::text, 'tvk_xxxx' FROM generate_series(1, 99)`;
    const { password } = person;
    const answers = await Promise.all(
      [1, 2, 3].map(() => auth.post("/auth/api-keys", { name: "x", password }, person)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422]);
  });
});

describe("who makes an API key shows once more that the account is theirs", () => {
  const ask = (token: string, proof: object) => auth.post("/auth/api-keys", { name: "x", ...proof }, { token });

  test("a session alone is not enough, nor is a wrong password, and guessing has a brake", async () => {
    const { token, password } = await register(auth);
    const bare = await ask(token, {});
    expect(bare).toMatchObject({ status: 401, body: { code: "confirmation_required" } });
    for (let count = 0; count < 5; count += 1) {
      expect(await ask(token, { password: "wrong password" })).toMatchObject({
        status: 401,
        body: { code: "invalid_credentials" },
      });
    }
    expect((await ask(token, { password })).status).toBe(429);
    expect((await auth.get("/auth/api-keys", token)).body).toEqual({ items: [] });
  });

  test("an account without a password needs a login of the last ten minutes", async () => {
    const { id, token } = await register(auth);
    await auth.sql`DELETE FROM auth.identities WHERE user_id = ${id}`;
    expect((await ask(token, {})).status).toBe(201);
    await auth.sql`UPDATE auth.sessions SET created_at = now() - interval '11 minutes' WHERE user_id = ${id}`;
    expect(await ask(token, {})).toMatchObject({ status: 401, body: { code: "confirmation_required" } });
  });

  test("not in a session that ends meanwhile: nothing is left behind that outlives it", async () => {
    const person = await register(auth);
    const asked: Promise<Answer>[] = [];
    await auth.sql.begin(async (tx) => {
      await tx`SELECT 1 FROM auth.users WHERE id = ${person.id} FOR UPDATE`;
      asked.push(ask(person.token, { password: person.password }));
      await expect.poll(async () => (await waitingForLocks()).length, { timeout: 10_000 }).toBe(1);
      await tx`DELETE FROM auth.sessions WHERE user_id = ${person.id}`;
    });
    expect((await asked[0])?.status).toBe(401);
    expect(await auth.sql`SELECT 1 FROM auth.api_keys WHERE user_id = ${person.id}`).toEqual([]);
  });

  const waitingForLocks = () => auth.sql`
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
});

describe("a new password", () => {
  const works = async (key: string) => (await exchange(key)).status === 200;

  test("by reset ends every key: who resets cannot know who made them", async () => {
    const person = await register(auth);
    await confirmEmail(auth, person);
    const { key } = await make(person);
    await auth.post("/auth/password/forgot", { email: person.email });
    const token = await tokenMailed(auth, person.email, /new password/);
    expect((await auth.post("/auth/password/reset", { token, password: "another quiet lake" })).status).toBe(204);
    expect(await works(key)).toBe(false);
  });

  test("by change ends them only if asked: scripts go on", async () => {
    const person = await register(auth);
    const { key } = await make(person);
    const change = (currentPassword: string, newPassword: string, more = {}) =>
      auth.post("/auth/password/change", { currentPassword, newPassword, ...more }, { token: person.token });
    expect((await change(person.password, "another quiet lake")).status).toBe(204);
    expect(await works(key)).toBe(true);
    expect((await change("another quiet lake", "a third quiet lake", { endApiKeys: true })).status).toBe(204);
    expect(await works(key)).toBe(false);
  });
});

describe("exchanging a key for an access token", () => {
  test("the token says who, and may do what the key may", async () => {
    const person = await register(auth);
    const limited = await make(person, { name: "reader", scopes: ["auth:read"] });
    const token = await tokenOf(limited.key);
    expect(claimsOf(token)).toMatchObject({ sub: person.id, sid: limited.id, scope: "auth:read", role: "user" });
    expect(await auth.get("/auth/me", token)).toMatchObject({ status: 200, body: { id: person.id } });
    expect((await auth.post("/auth/api-keys", { name: "more" }, { token })).status).toBe(403);
    const { items } = Object((await auth.get("/auth/api-keys", person.token)).body);
    expect(items[0].lastUsedAt).not.toBeNull();
  });

  test("no key manages the account, whatever its scopes", async () => {
    const person = await register(auth);
    const token = await tokenOf((await make(person)).key);
    expect(claimsOf(token)).not.toHaveProperty("scope");
    const attempts = await Promise.all([
      auth.post("/auth/api-keys", { name: "more" }, { token }),
      auth.get("/auth/api-keys", token),
      auth.get("/auth/sessions", token),
      auth.request("DELETE", "/auth/sessions", { token }),
      auth.post("/auth/2fa/enable", { password: person.password }, { token }),
      auth.post("/auth/password/change", { currentPassword: person.password, newPassword: "another lake" }, { token }),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401]);
  });

  test("401 for a key that is unknown, ended, expired, or whose owner is banned", async () => {
    const person = await register(auth);
    const [ended, expired, banned] = [await make(person), await make(person), await make(person)];
    await auth.request("DELETE", `/auth/api-keys/${ended.id}`, { token: person.token });
    await auth.sql`UPDATE auth.api_keys SET expires_at = now() WHERE id = ${expired.id}`;
    for (const key of [`tvk_${"A".repeat(43)}`, "", ended.key, expired.key]) {
      expect(await exchange(key)).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    }
    expect((await exchange(banned.key)).status).toBe(200);
    await auth.sql`UPDATE auth.users SET banned = true WHERE id = ${person.id}`;
    expect((await exchange(banned.key)).status).toBe(401);
  });

  test("the token of a key that is about to expire ends with it", async () => {
    const person = await register(auth);
    const { key } = await make(person, { name: "script", expiresIn: 60 });
    const { access_token: token, expires_in: seconds } = z
      .object({ access_token: z.string(), expires_in: z.number() })
      .parse((await exchange(key)).body);
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
    const { exp, iat } = z.looseObject({ exp: z.number(), iat: z.number() }).parse(claimsOf(token));
    expect(exp - iat).toBe(seconds);
  });

  test("only the router may", async () => {
    const { key } = await make(await register(auth));
    expect((await auth.asService("users", "POST", "/auth/internal/api-keys/exchange", { key })).status).toBe(403);
    expect((await auth.post("/auth/internal/api-keys/exchange", { key }, { from: null })).status).toBe(401);
  });
});

describe("DELETE /auth/api-keys/{id}", () => {
  test("204 for one's own, 404 for anybody else's and for none", async () => {
    const [ada, bob] = [await register(auth), await register(auth)];
    const key = await make(ada);
    const remove = (token: string, id: string) => auth.request("DELETE", `/auth/api-keys/${id}`, { token });
    expect((await remove(bob.token, key.id)).status).toBe(404);
    expect((await remove(ada.token, key.id)).status).toBe(204);
    expect((await remove(ada.token, key.id)).status).toBe(404);
    expect((await remove(ada.token, newId())).status).toBe(404);
  });
});
