import { newId, sha256 } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { claimsOf, login, type Person, register, tokensIn } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth();
});
afterAll(() => auth.stop());

const refresh = (token: string) => auth.post("/auth/refresh", { refresh_token: token });
const age = (refreshToken: string, seconds: number) =>
  auth.sql`
    UPDATE auth.refresh_tokens SET rotated_at = rotated_at - ${seconds} * interval '1 second'
    WHERE hash = ${sha256(refreshToken)}`;
const sessionsOf = (person: Person) => auth.sql`SELECT id FROM auth.sessions WHERE user_id = ${person.id}`;

describe("POST /auth/refresh", () => {
  test("200: new tokens of the same session, generation after generation", async () => {
    const person = await register(auth);
    let { refreshToken } = person;
    for (let generation = 0; generation < 3; generation += 1) {
      const next = tokensIn(await refresh(refreshToken));
      expect(next.refreshToken).not.toBe(refreshToken);
      expect(claimsOf(next.token)).toMatchObject({ sub: person.id, sid: person.sessionId });
      expect((await auth.get("/auth/me", next.token)).status).toBe(200);
      ({ refreshToken } = next);
    }
  });

  test("nothing in the database is a refresh token", async () => {
    const { refreshToken } = await register(auth);
    const child = tokensIn(await refresh(refreshToken)).refreshToken;
    const dump = JSON.stringify(await auth.sql`SELECT * FROM auth.refresh_tokens`);
    expect(dump).not.toContain(refreshToken);
    expect(dump).not.toContain(child);
  });

  test("a repeat within ten seconds gets the same child", async () => {
    const { refreshToken } = await register(auth);
    const first = tokensIn(await refresh(refreshToken));
    await age(refreshToken, 5);
    const again = tokensIn(await refresh(refreshToken));
    expect(again.refreshToken).toBe(first.refreshToken);
    expect((await refresh(first.refreshToken)).status).toBe(200);
  });

  test("twenty at the same moment get the same child", async () => {
    const { refreshToken } = await register(auth);
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
    expect(new Set(answers.map((answer) => tokensIn(answer).refreshToken)).size).toBe(1);
  });

  test("a repeat after ten seconds ends the whole family and its session, and no other", async () => {
    const person = await register(auth);
    const other = await login(auth, person);
    const child = tokensIn(await refresh(person.refreshToken));
    const grandchild = tokensIn(await refresh(child.refreshToken));
    await age(person.refreshToken, 11);
    expect(await refresh(person.refreshToken)).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect((await refresh(child.refreshToken)).status).toBe(401);
    expect((await refresh(grandchild.refreshToken)).status).toBe(401);
    expect((await auth.get("/auth/me", grandchild.token)).status).toBe(401);
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });

  test("tokens that were traded more than a week ago are forgotten, and still refused", async () => {
    const person = await register(auth);
    const child = tokensIn(await refresh(person.refreshToken));
    await age(person.refreshToken, 8 * 86_400);
    const grandchild = tokensIn(await refresh(child.refreshToken));
    expect((await auth.sql`SELECT 1 FROM auth.refresh_tokens WHERE session_id = ${person.sessionId}`).length).toBe(2);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect((await refresh(grandchild.refreshToken)).status).toBe(200);
  });

  test.for([
    ["unknown", () => "A".repeat(43)],
    ["stored hash of a", (person: Person) => sha256(person.refreshToken)],
    ["access token for a", (person: Person) => person.token],
    [
      "tampered",
      (person: Person) => `${person.refreshToken.slice(0, -1)}${person.refreshToken.endsWith("A") ? "B" : "A"}`,
    ],
  ] as const)("401 for an %s token, and the session stays", async ([, forge]) => {
    const person = await register(auth);
    expect((await refresh(forge(person).slice(0, 512))).status).toBe(401);
    expect((await refresh(person.refreshToken)).status).toBe(200);
  });

  test.for([
    ["has not been used for 30 days", "last_used_at = now() - interval '30 days 1 minute'"],
    ["is 90 days old", "expires_at = now() - interval '1 second'"],
  ])("401 when the session %s, and it is gone", async ([, change]) => {
    const person = await register(auth);
    await auth.sql.unsafe(`UPDATE auth.sessions SET ${change} WHERE user_id = '${person.id}'`);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect(await sessionsOf(person)).toEqual([]);
  });

  test("the new access token carries what has changed since", async () => {
    const person = await register(auth);
    await auth.sql`UPDATE auth.users SET role = 'moderator' WHERE id = ${person.id}`;
    expect(claimsOf(tokensIn(await refresh(person.refreshToken)).token).role).toBe("moderator");
  });
});

describe("GET /auth/me", () => {
  test("200: the account", async () => {
    const { token, id, email, username } = await register(auth);
    expect(await auth.get("/auth/me", token)).toMatchObject({
      status: 200,
      body: { id, email, username, role: "user" },
    });
  });

  test("401 without a token", async () => {
    expect(await auth.get("/auth/me")).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
  });
});

describe("POST /auth/logout", () => {
  test("204: this session ends at once with its tokens, others stay; a repeat is fine", async () => {
    const person = await register(auth);
    const other = await login(auth, person);
    expect((await auth.post("/auth/logout", undefined, { token: person.token })).status).toBe(204);
    expect((await auth.get("/auth/me", person.token)).status).toBe(401);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect((await auth.get("/auth/me", other.token)).status).toBe(200);
    expect((await auth.post("/auth/logout", undefined, { token: person.token })).status).toBe(204);
  });
});

describe("/auth/sessions", () => {
  const list = z.object({
    items: z.array(
      z.strictObject({
        id: z.uuid(),
        current: z.boolean(),
        userAgent: z.string().nullable(),
        impersonated: z.boolean(),
        createdAt: z.iso.datetime(),
        lastUsedAt: z.iso.datetime(),
        expiresAt: z.iso.datetime(),
      }),
    ),
  });

  test("GET: one's own, newest first, the current one marked, no address in it", async () => {
    const first = await register(auth);
    const { email, password } = first;
    const headers = { "user-agent": "curl/8" };
    const second = tokensIn(await auth.post("/auth/login", { email, password }, { headers }));
    const { items } = list.parse((await auth.get("/auth/sessions", second.token)).body);
    expect(items).toMatchObject([
      { current: true, userAgent: "curl/8" },
      { id: first.sessionId, current: false, userAgent: null },
    ]);
  });

  test("DELETE one of one's own: 204, and it is over; somebody else's or none: 404", async () => {
    const [ada, bob] = [await register(auth), await register(auth)];
    const other = await login(auth, ada);
    const end = (id: string) => auth.request("DELETE", `/auth/sessions/${id}`, { token: ada.token });
    expect((await end(other.sessionId)).status).toBe(204);
    expect((await auth.get("/auth/me", other.token)).status).toBe(401);
    expect((await end(other.sessionId)).status).toBe(404);
    expect((await end(bob.sessionId)).status).toBe(404);
    expect((await end(newId())).status).toBe(404);
    expect((await end("1")).status).toBe(400);
    expect((await auth.get("/auth/me", bob.token)).status).toBe(200);
  });

  test("DELETE all but the current one, then all", async () => {
    const person = await register(auth);
    const other = await login(auth, person);
    const end = (query: string) => auth.request("DELETE", `/auth/sessions${query}`, { token: person.token });
    expect((await end("?keep=current")).status).toBe(204);
    expect((await auth.get("/auth/me", other.token)).status).toBe(401);
    expect((await auth.get("/auth/me", person.token)).status).toBe(200);
    expect((await end("")).status).toBe(204);
    expect((await refresh(person.refreshToken)).status).toBe(401);
    expect((await end("")).status).toBe(401);
  });
});
