import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { codeOf, login, newCredentials, type Person, register, registerAs, tokensIn } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
let changed: AuthSystem;
let person: Person;
const anotherSecret = { AUTH_SECRET: "another-secret-of-thirty-two-characters" };
beforeAll(async () => {
  auth = await startAuth();
  person = await register(auth);
  changed = auth.anotherProcess(anotherSecret);
});
afterAll(() => auth.stop());

const stored = async () =>
  (
    await auth.sql`SELECT
      (SELECT count(*) FROM auth.users)::int AS users,
      (SELECT count(*) FROM auth.sessions)::int AS sessions,
      (SELECT count(*) FROM auth.refresh_tokens)::int AS tokens,
      (SELECT count(*) FROM auth.signing_keys)::int AS keys,
      (SELECT count(*) FROM auth.audit)::int AS audited,
      (SELECT count(*) FROM public.announced)::int AS announced`
  )[0];

const refused = { status: 503, body: { code: "unavailable" } };

test("POST /auth/register is refused and stores nothing, so that the repeat is no conflict", async () => {
  const { email, username, password } = newCredentials("newcomer");
  const before = await stored();
  for (let time = 0; time < 2; time += 1) {
    expect(await changed.post("/auth/register", { email, username, password })).toMatchObject(refused);
  }
  expect(await stored()).toEqual(before);
  expect((await auth.post("/auth/register", { email, username, password })).status).toBe(201);
});

test("POST /auth/login is refused and opens no session", async () => {
  const before = await stored();
  const { email, password } = person;
  expect(await changed.post("/auth/login", { email, password })).toMatchObject(refused);
  expect(await stored()).toEqual(before);
});

test("POST /auth/refresh is refused and uses no token up", async () => {
  const { refreshToken } = await login(auth, person);
  const before = await stored();
  expect(await changed.post("/auth/refresh", { refresh_token: refreshToken })).toMatchObject(refused);
  expect(await stored()).toEqual(before);
  expect((await auth.post("/auth/refresh", { refresh_token: refreshToken })).status).toBe(200);
});

test("an administrator's look through somebody's eyes is refused, unaudited", async () => {
  const { token } = await registerAs(auth, "admin");
  const before = await stored();
  const path = `/auth/admin/users/${person.id}/impersonate`;
  expect(await changed.post(path, undefined, { token })).toMatchObject(refused);
  expect(await stored()).toEqual(before);
  expect((await auth.post(path, undefined, { token })).status).toBe(200);
});

test("an API key is refused as something that is down, not as a key that is none", async () => {
  const { token } = await login(auth, person);
  const body = { name: "of a script", password: person.password };
  const { key } = z.object({ key: z.string() }).parse((await auth.post("/auth/api-keys", body, { token })).body);
  const exchange = (system: AuthSystem) =>
    system.asService("router", "POST", "/auth/internal/api-keys/exchange", { key });
  expect(await exchange(changed)).toMatchObject(refused);
  expect((await exchange(auth)).status).toBe(200);
});

test("the mailbox is refused, whoever's mails it holds", async () => {
  await auth.post("/auth/password/forgot", { email: person.email });
  await auth.settled();
  for (const path of ["/auth/mailbox", "/auth/mailbox/messages"]) {
    expect((await auth.get(path)).status).toBe(200);
    expect((await changed.get(path)).status).toBe(503);
  }
});

test("the repeat of a request whose answer was kept is refused, has no second effect and is answered by the former secret", async () => {
  const { token, password } = await login(auth, person);
  const body = { name: "made once", password };
  const again = { token, headers: { "idempotency-key": newId() } };
  const first = await auth.post("/auth/api-keys", body, again);
  const keys = async () => (await auth.get("/auth/api-keys", token)).body;
  const before = await keys();
  expect(await changed.post("/auth/api-keys", body, again)).toMatchObject(refused);
  expect(await keys()).toEqual(before);
  expect(await auth.post("/auth/api-keys", body, again)).toMatchObject({ status: first.status, body: first.body });
});

describe("a second factor", () => {
  const enrol = async () => {
    const guarded = await register(auth);
    const { token, password } = guarded;
    const { body } = await auth.post("/auth/2fa/enable", { password }, { token });
    const factor = z.object({ secret: z.string(), recoveryCodes: z.array(z.string()) }).parse(body);
    return { ...guarded, ...factor };
  };
  const inForce = async () => {
    const guarded = await enrol();
    const code = await codeOf(guarded.secret, -1);
    expect((await auth.post("/auth/2fa/verify", { code }, { token: guarded.token })).status).toBe(204);
    return guarded;
  };

  test("that waits for its first code goes on waiting", async () => {
    const { secret, token } = await enrol();
    const body = { code: await codeOf(secret) };
    expect(await changed.post("/auth/2fa/verify", body, { token })).toMatchObject(refused);
    expect((await auth.post("/auth/2fa/verify", body, { token })).status).toBe(204);
  });

  test("is not told to be wrong, and neither code nor recovery code is used up", async () => {
    const { secret, recoveryCodes, token } = await inForce();
    for (const code of [await codeOf(secret), recoveryCodes[0]]) {
      expect(await changed.post("/auth/confirm", { code }, { token })).toMatchObject(refused);
      expect((await auth.post("/auth/confirm", { code }, { token })).status).toBe(204);
    }
  });

  test("is not begun, and its recovery codes are not renewed, under a secret that may be a slip", async () => {
    const { token, password, recoveryCodes } = await inForce();
    expect(await changed.post("/auth/2fa/recovery-codes", { password }, { token })).toMatchObject(refused);
    expect((await auth.post("/auth/confirm", { code: recoveryCodes[0] }, { token })).status).toBe(204);
    const other = await login(auth, person);
    const begun = await changed.post("/auth/2fa/enable", { password: other.password }, { token: other.token });
    expect(begun).toMatchObject(refused);
    expect(await auth.sql`SELECT 1 FROM auth.two_factors WHERE user_id = ${person.id}`).toHaveLength(0);
  });
});

test("/auth/ready is 503 and names the keys, not the database; with the former secret it is 200", async () => {
  const answer = await changed.get("/auth/ready");
  expect(answer).toMatchObject({
    status: 503,
    body: {
      status: "degraded",
      database: "connected",
      checks: { database: { status: "healthy" }, keys: { status: "unhealthy" } },
    },
  });
  expect(await auth.get("/auth/ready")).toMatchObject({
    status: 200,
    body: { checks: { keys: { status: "healthy" } } },
  });
});

test("access tokens from before still verify", async () => {
  const { token } = await login(auth, person);
  expect((await changed.get("/auth/me", token)).status).toBe(200);
});

test("what the documentation says to remove lets people in again, and sessions go on", async () => {
  const { refreshToken } = await login(auth, person);
  await auth.sql`
    DELETE FROM auth.signing_keys;
    DELETE FROM auth.idempotency_keys;
    DELETE FROM auth.mails;
    DELETE FROM auth.two_factors;
    UPDATE auth.users SET two_factor_enabled = false`.simple();
  const restarted = auth.anotherProcess(anotherSecret);
  expect((await restarted.get("/auth/ready")).status).toBe(200);
  const refreshed = tokensIn(await restarted.post("/auth/refresh", { refresh_token: refreshToken }));
  expect((await restarted.get("/auth/me", refreshed.token)).status).toBe(200);
  expect((await login(restarted, person)).id).toBe(person.id);
});
