import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { claimsOf, login, type Person, register, registerAs } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
let admin: Person;
beforeAll(async () => {
  auth = await startAuth();
  admin = await registerAs(auth, "admin");
});
afterAll(() => auth.stop());

const act = (method: string, path: string, body?: unknown, { token } = admin) =>
  auth.request(method, `/auth/admin/${path}`, { token, body });
const audited = async (subjectId: string) => {
  const rows = await auth.sql`
    SELECT actor_id, action, details FROM auth.audit WHERE subject_id = ${subjectId} ORDER BY id`;
  return rows.map(({ action }) => String(action));
};

const page = z.object({ items: z.array(z.object({ id: z.uuid() })), nextCursor: z.string().nullable() });

describe("who may administer", () => {
  const routes = [
    ["GET", "users"],
    ["GET", `users/${newId()}`],
    ["POST", `users/${newId()}/ban`, { reason: "spam" }],
    ["POST", `users/${newId()}/unban`],
    ["PUT", `users/${newId()}/role`, { role: "admin" }],
    ["DELETE", `users/${newId()}/sessions`],
    ["POST", `users/${newId()}/impersonate`],
    ["DELETE", `users/${newId()}`],
    ["GET", "audit"],
    ["POST", "keys/rotate"],
  ] as const;

  test.for(routes)("%s %s: 401 for a stranger, 403 for a user and a moderator", async ([method, path, body]) => {
    expect((await auth.request(method, `/auth/admin/${path}`, { body })).status).toBe(401);
    for (const person of [await register(auth), await registerAs(auth, "moderator")]) {
      expect((await act(method, path, body, person)).status).toBe(403);
    }
  });

  test.for(routes)("%s %s: 403 for an administrator of a minute ago", async ([method, path, body]) => {
    const former = await registerAs(auth, "admin");
    await auth.sql`UPDATE auth.users SET role = 'user' WHERE id = ${former.id}`;
    expect((await act(method, path, body, former)).status).toBe(403);
  });
});

describe("GET /auth/admin/users", () => {
  test("newest first, page by page, each account once while others register", async () => {
    const people: Person[] = [];
    for (let count = 0; count < 5; count += 1)
      people.unshift(
        await register(auth, {
          email: `paged${count}@example.com`,
          username: `paged${count}`,
          password: "quiet lake",
        }),
      );
    const seen: string[] = [];
    let cursor = "";
    for (let pages = 0; pages < 5; pages += 1) {
      const answer = await act("GET", `users?search=PAGED&limit=2${cursor}`);
      const { items, nextCursor } = page.parse(answer.body);
      seen.push(...items.map(({ id }) => id));
      if (nextCursor === null) break;
      expect(answer.headers.get("link")).toContain('rel="next"');
      cursor = `&cursor=${nextCursor}`;
      await register(auth, {
        email: `pagedlate${pages}@example.com`,
        username: `pagedlate${pages}`,
        password: "quiet lake",
      });
    }
    expect(seen).toEqual(people.map(({ id }) => id));
  });

  test("search takes wildcards literally; a foreign cursor is 400", async () => {
    expect(page.parse((await act("GET", "users?search=%25")).body).items).toEqual([]);
    expect((await act("GET", "users?cursor=abc")).status).toBe(400);
  });

  test("one account: 200 with its ban, 404 for none", async () => {
    const person = await register(auth);
    expect(await act("GET", `users/${person.id}`)).toMatchObject({
      status: 200,
      body: { id: person.id, banned: false },
    });
    expect((await act("GET", `users/${newId()}`)).status).toBe(404);
  });
});

describe("banning", () => {
  test("ends the sessions, keeps out, says why; unban lets in again; both are in the audit", async () => {
    const person = await register(auth);
    const answer = await act("POST", `users/${person.id}/ban`, { reason: "spam", expiresIn: 3_600 });
    expect(answer).toMatchObject({ status: 200, body: { banned: true, banReason: "spam" } });
    expect((await auth.get("/auth/me", person.token)).status).toBe(401);
    expect((await auth.post("/auth/refresh", { refresh_token: person.refreshToken })).status).toBe(401);
    const { email, password } = person;
    expect((await auth.post("/auth/login", { email, password })).status).toBe(403);
    expect(await act("POST", `users/${person.id}/unban`)).toMatchObject({
      status: 200,
      body: { banned: false, banReason: null },
    });
    await login(auth, person);
    expect(await audited(person.id)).toEqual(["user.ban", "user.unban"]);
  });

  test("404 for nobody and 422 for oneself, and neither is in the audit", async () => {
    const nobody = newId();
    expect((await act("POST", `users/${nobody}/ban`, { reason: "spam" })).status).toBe(404);
    expect((await act("POST", `users/${admin.id}/ban`, { reason: "spam" })).status).toBe(422);
    expect((await act("POST", `users/${nobody}/ban`, {})).status).toBe(400);
    expect([...(await audited(nobody)), ...(await audited(admin.id))]).toEqual([]);
  });

  test("of two administrators who ban each other at the same moment, one at least stays", async () => {
    const [one, two] = [await registerAs(auth, "admin"), await registerAs(auth, "admin")];
    await Promise.all([
      act("POST", `users/${two.id}/ban`, { reason: "you" }, one),
      act("POST", `users/${one.id}/ban`, { reason: "no, you" }, two),
    ]);
    const standing = await auth.sql`SELECT id FROM auth.users WHERE id IN ${auth.sql([one.id, two.id])} AND NOT banned`;
    expect(standing.length).toBe(1);
  });
});

describe("PUT /auth/admin/users/{id}/role", () => {
  test("200: the next token carries it; 400 for no such role; 422 for oneself", async () => {
    const person = await register(auth);
    const set = (id: string, role: string) => act("PUT", `users/${id}/role`, { role });
    expect(await set(person.id, "moderator")).toMatchObject({ status: 200, body: { role: "moderator" } });
    expect(claimsOf((await login(auth, person)).token).role).toBe("moderator");
    expect((await set(person.id, "emperor")).status).toBe(400);
    expect((await set(admin.id, "user")).status).toBe(422);
    expect(await audited(person.id)).toEqual(["user.set_role"]);
  });
});

describe("DELETE /auth/admin/users/{id}/sessions", () => {
  test("204: every session ends and the account stays open; it is in the audit; a repeat is fine; 404 for nobody", async () => {
    const person = await register(auth);
    const other = await login(auth, person);
    expect((await act("DELETE", `users/${person.id}/sessions`)).status).toBe(204);
    for (const { token, refreshToken } of [person, other]) {
      expect((await auth.get("/auth/me", token)).status).toBe(401);
      expect((await auth.post("/auth/refresh", { refresh_token: refreshToken })).status).toBe(401);
    }
    expect((await auth.get("/auth/me", (await login(auth, person)).token)).status).toBe(200);
    expect((await act("DELETE", `users/${person.id}/sessions`)).status).toBe(204);
    expect(await audited(person.id)).toEqual(["user.end_sessions", "user.end_sessions"]);
    expect((await act("DELETE", `users/${newId()}/sessions`)).status).toBe(404);
  });
});

describe("POST /auth/admin/users/{id}/impersonate", () => {
  const impersonate = async (id: string) => {
    const { status, body } = await act("POST", `users/${id}/impersonate`);
    return { status, token: String(Object(body).access_token), body };
  };

  test("a token that acts as the user, names who is behind it, and cannot be refreshed", async () => {
    const person = await register(auth);
    const { token, body } = await impersonate(person.id);
    expect(body).not.toHaveProperty("refresh_token");
    expect(claimsOf(token)).toMatchObject({ sub: person.id, act: { sub: admin.id }, role: "user" });
    expect(await auth.get("/auth/me", token)).toMatchObject({ status: 200, body: { id: person.id } });
    const sessions = await auth.get("/auth/sessions", person.token);
    expect(Object(sessions.body).items[0]).toMatchObject({ impersonated: true });
    expect(await audited(person.id)).toEqual(["user.impersonate"]);
  });

  test("it cannot change how the account is entered, nor administer", async () => {
    const person = await register(auth);
    const { token } = await impersonate(person.id);
    const attempts = await Promise.all([
      auth.post("/auth/password/change", { currentPassword: person.password, newPassword: "another lake" }, { token }),
      auth.post("/auth/2fa/enable", { password: person.password }, { token }),
      auth.post("/auth/api-keys", { name: "x" }, { token }),
      auth.get("/auth/admin/users", token),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
  });

  test("the user can end it; it ends when the administrator is demoted; never another administrator", async () => {
    const person = await register(auth);
    const first = await impersonate(person.id);
    const { sid } = claimsOf(first.token);
    await auth.request("DELETE", `/auth/sessions/${sid}`, { token: person.token });
    expect((await auth.get("/auth/me", first.token)).status).toBe(401);

    const other = await registerAs(auth, "admin");
    const { body } = await act("POST", `users/${person.id}/impersonate`, undefined, other);
    expect((await act("POST", `users/${other.id}/impersonate`)).status).toBe(422);
    await act("PUT", `users/${other.id}/role`, { role: "user" });
    expect((await auth.get("/auth/me", String(Object(body).access_token))).status).toBe(401);
  });
});

describe("DELETE /auth/admin/users/{id}", () => {
  test("204: everything of the account is gone, it is announced and in the audit", async () => {
    const person = await register(auth);
    await auth.post("/auth/api-keys", { name: "x", password: person.password }, { token: person.token });
    expect((await act("DELETE", `users/${person.id}`)).status).toBe(204);
    expect((await auth.get("/auth/me", person.token)).status).toBe(401);
    await auth.settled();
    expect(auth.sent().findLast(({ event }) => event.startsWith("user."))).toMatchObject({
      event: "user.deleted",
      data: { userId: person.id },
    });
    for (const table of ["identities", "sessions", "api_keys", "known_addresses", "two_factors"]) {
      expect(await auth.sql`SELECT 1 FROM ${auth.sql(`auth.${table}`)} WHERE user_id = ${person.id}`).toEqual([]);
    }
    expect((await act("DELETE", `users/${person.id}`)).status).toBe(404);
    expect(await audited(person.id)).toEqual(["user.delete"]);
    const { email, username, password } = person;
    await register(auth, { email, username, password });
  });
});

describe("GET /auth/admin/audit", () => {
  test("newest first, with actor, subject, request and details", async () => {
    const person = await register(auth);
    const headers = { "x-request-id": "audit-test-1" };
    const body = { reason: "spam" };
    await auth.post(`/auth/admin/users/${person.id}/ban`, body, { token: admin.token, headers });
    const answer = await act("GET", "audit?limit=1");
    expect(answer.body).toMatchObject({
      items: [
        {
          actorId: admin.id,
          action: "user.ban",
          subjectId: person.id,
          details: { reason: "spam", expiresIn: null },
          requestId: "audit-test-1",
        },
      ],
      nextCursor: expect.any(String),
    });
  });
});
