import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { claimsOf, login, register, registerAs } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth();
});
afterAll(() => auth.stop());

describe("reading an account", () => {
  test("200 for users, 404 for nobody, 403 for any other service, 401 without a service token", async () => {
    const { id, email, username, token } = await register(auth);
    const path = `/auth/internal/accounts/${id}`;
    const answer = await auth.asService("users", "GET", path);
    expect(answer).toMatchObject({ status: 200, body: { id, email, username, name: username, role: "user" } });
    expect((await auth.asService("users", "GET", `/auth/internal/accounts/${newId()}`)).status).toBe(404);
    expect((await auth.asService("router", "GET", path)).status).toBe(403);
    expect((await auth.request("GET", path, { token, from: null })).status).toBe(401);
  });
});

describe("deleting an account", () => {
  test("204: tokens, logins and keys end, and it is announced once", async () => {
    const { id, sessionId, token, refreshToken, email, password } = await register(auth);
    const path = `/auth/internal/accounts/${id}?sessionId=${sessionId}`;
    const answers = await Promise.all([1, 2, 3].map(() => auth.asService("users", "DELETE", path)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 404, 404]);
    expect((await auth.get("/auth/me", token)).status).toBe(401);
    expect((await auth.post("/auth/refresh", { refresh_token: refreshToken })).status).toBe(401);
    expect((await auth.post("/auth/login", { email, password })).status).toBe(401);
    await auth.settled();
    const announced = auth.sent().filter(({ event, subject }) => event === "user.deleted" && subject === id);
    expect(announced.length).toBe(1);
  });

  test("only its owner's own session will do: none that ended or is another's, no API key, no administrator", async () => {
    const [person, other, admin] = [await register(auth), await register(auth), await registerAs(auth, "admin")];
    const { sessionId: ended, token } = await login(auth, person);
    await auth.post("/auth/logout", undefined, { token });
    const key = Object(
      (await auth.post("/auth/api-keys", { name: "x", password: person.password }, { token: person.token })).body,
    );
    const acting = await auth.post(`/auth/admin/users/${person.id}/impersonate`, undefined, { token: admin.token });
    const { sid } = claimsOf(z.object({ access_token: z.string() }).parse(acting.body).access_token);
    const remove = (sessionId: string) =>
      auth.asService("users", "DELETE", `/auth/internal/accounts/${person.id}?sessionId=${sessionId}`);
    for (const sessionId of [ended, other.sessionId, key.id, newId()]) {
      expect(await remove(sessionId)).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    }
    expect(await remove(sid)).toMatchObject({ status: 403, body: { code: "forbidden" } });
    expect((await auth.get("/auth/me", person.token)).status).toBe(200);
    expect((await remove(person.sessionId)).status).toBe(204);
  });
});

describe("deleting an account from a session that was opened a while ago", () => {
  const opened = async () => {
    const person = await register(auth);
    await auth.sql`UPDATE auth.sessions SET created_at = created_at - interval '11 minutes' WHERE id = ${person.sessionId}`;
    const path = `/auth/internal/accounts/${person.id}?sessionId=${person.sessionId}`;
    return { ...person, remove: () => auth.asService("users", "DELETE", path) };
  };

  test("401 confirmation_required, and the account stays", async () => {
    const { remove, token } = await opened();
    const refused = await remove();
    expect(refused).toMatchObject({ status: 401, body: { code: "confirmation_required" } });
    expect((await auth.get("/auth/me", token)).status).toBe(200);
  });

  test("204 within five minutes of POST /auth/confirm, and not later", async () => {
    const { sessionId, remove, token, password } = await opened();
    expect((await auth.post("/auth/confirm", { password }, { token })).status).toBe(204);
    const ago = (time: string) =>
      auth.sql`UPDATE auth.sessions SET confirmed_at = now() - ${time}::interval WHERE id = ${sessionId}`;
    await ago("6 minutes");
    expect((await remove()).status).toBe(401);
    await ago("4 minutes");
    expect((await remove()).status).toBe(204);
  });
});

describe("paths that seeds name", () => {
  test.for([
    ["POST", "/auth/session"],
    ["GET", "/auth/me"],
    ["POST", "/auth/logout"],
    ["POST", "/auth/login"],
    ["POST", "/auth/register"],
  ] as const)("%s %s answers", async ([method, path]) => {
    expect([400, 401]).toContain((await auth.request(method, path, method === "POST" ? { body: {} } : {})).status);
  });
});
