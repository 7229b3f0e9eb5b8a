import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { claimsOf, register } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

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

const make = async (token: string, body: object = { name: "script" }) => {
  const answer = await auth.post("/auth/api-keys", body, { token });
  expect(answer.status).toBe(201);
  return created.parse(answer.body);
};
const exchange = (key: string) => auth.asService("router", "POST", "/auth/internal/api-keys/exchange", { key });
const tokenOf = async (key: string): Promise<string> =>
  z.object({ access_token: z.string(), expires_in: z.literal(600) }).parse((await exchange(key)).body).access_token;

describe("POST /auth/api-keys", () => {
  test("201: the key, shown once and stored as a hash", async () => {
    const person = await register(auth);
    const { key, ...shown } = await make(person.token, {
      name: "script",
      scopes: ["posts:read", "posts:read"],
      expiresIn: 3_600,
    });
    expect(shown).toMatchObject({ name: "script", scopes: ["posts:read"], hint: key.slice(0, 8) });
    const list = await auth.get("/auth/api-keys", person.token);
    expect(list.body).toEqual({ items: [shown] });
    expect(JSON.stringify(await auth.sql`SELECT * FROM auth.api_keys`)).not.toContain(key);
  });

  test.for([
    ["no name", {}],
    ["an odd scope", { name: "x", scopes: ["everything"] }],
    ["no scopes at all", { name: "x", scopes: [] }],
    ["an end in the past", { name: "x", expiresIn: -1 }],
    ["an unknown field", { name: "x", userId: newId() }],
  ] as const)("400 for %s", async ([, body]) => {
    const { token } = await register(auth);
    expect((await auth.post("/auth/api-keys", body, { token })).status).toBe(400);
  });

  test("422 for the hundred and first", async () => {
    const person = await register(auth);
    await auth.sql`
      INSERT INTO auth.api_keys (id, user_id, name, hash, hint)
      SELECT gen_random_uuid(), ${person.id}, 'x', gen_random_uuid()::text, 'tvk_xxxx' FROM generate_series(1, 99)`;
    const answers = await Promise.all([1, 2, 3].map(() => auth.post("/auth/api-keys", { name: "x" }, person)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422]);
  });
});

describe("exchanging a key for an access token", () => {
  test("the token says who, and may do what the key may", async () => {
    const person = await register(auth);
    const limited = await make(person.token, { name: "reader", scopes: ["auth:read"] });
    const token = await tokenOf(limited.key);
    expect(claimsOf(token)).toMatchObject({ sub: person.id, sid: limited.id, scope: "auth:read", role: "user" });
    expect(await auth.get("/auth/me", token)).toMatchObject({ status: 200, body: { id: person.id } });
    expect((await auth.post("/auth/api-keys", { name: "more" }, { token })).status).toBe(403);
    const { items } = Object((await auth.get("/auth/api-keys", person.token)).body);
    expect(items[0].lastUsedAt).not.toBeNull();
  });

  test("no key manages the account, whatever its scopes", async () => {
    const person = await register(auth);
    const token = await tokenOf((await make(person.token)).key);
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
    const [ended, expired, banned] = [await make(person.token), await make(person.token), await make(person.token)];
    await auth.request("DELETE", `/auth/api-keys/${ended.id}`, { token: person.token });
    await auth.sql`UPDATE auth.api_keys SET expires_at = now() WHERE id = ${expired.id}`;
    for (const key of [`tvk_${"A".repeat(43)}`, "", ended.key, expired.key]) {
      expect(await exchange(key)).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    }
    expect((await exchange(banned.key)).status).toBe(200);
    await auth.sql`UPDATE auth.users SET banned = true WHERE id = ${person.id}`;
    expect((await exchange(banned.key)).status).toBe(401);
  });

  test("only the router may", async () => {
    const { key } = await make((await register(auth)).token);
    expect((await auth.asService("users", "POST", "/auth/internal/api-keys/exchange", { key })).status).toBe(403);
    expect((await auth.post("/auth/internal/api-keys/exchange", { key }, { from: null })).status).toBe(401);
  });
});

describe("DELETE /auth/api-keys/{id}", () => {
  test("204 for one's own, 404 for anybody else's and for none", async () => {
    const [ada, bob] = [await register(auth), await register(auth)];
    const key = await make(ada.token);
    const remove = (token: string, id: string) => auth.request("DELETE", `/auth/api-keys/${id}`, { token });
    expect((await remove(bob.token, key.id)).status).toBe(404);
    expect((await remove(ada.token, key.id)).status).toBe(204);
    expect((await remove(ada.token, key.id)).status).toBe(404);
    expect((await remove(ada.token, newId())).status).toBe(404);
  });
});
