import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import {
  announcedOf,
  codeIn,
  confirmEmail,
  login,
  newCredentials,
  type Person,
  register,
  registerAs,
  tokenMailed,
  tokensIn,
} from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

const listed = Array.from({ length: 12 }, (_, index) => `chief${index}@example.com`);
let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth({ ADMIN_EMAILS: listed.join(", ").toUpperCase() });
});
afterAll(() => auth.stop());

/** An account with an address that is in ADMIN_EMAILS and that nobody has used. */
const registerListed = () => register(auth, { ...newCredentials("chief"), email: listed.pop() ?? "" });
const linkOf = (person: Person) => tokenMailed(auth, person.email, /Confirm/);
const verify = (body: object, token?: string) => auth.post("/auth/verify-email", body, { token });
const accountOf = async ({ id }: Person) => {
  const [row] = await auth.sql`SELECT email_verified AS proven, role FROM auth.users WHERE id = ${id}`;
  return row;
};
const untouched = { proven: false, role: "user" };

describe("POST /auth/verify-email", () => {
  test.for([
    ["the password of the account", (person: Person) => verifyWith(person, { password: person.password })],
    ["a session of the account", (person: Person) => verifyWith(person, {}, person.token)],
  ] as const)("200 with the mailed token and %s, once", async ([, confirm]) => {
    const person = await register(auth);
    expect(await confirm(person)).toMatchObject({
      status: 200,
      body: { id: person.id, emailVerified: true, role: "user" },
    });
    expect(await confirm(person)).toMatchObject({ status: 410, body: { code: "gone" } });
  });

  const verifyWith = async (person: Person, proof: object, token?: string) =>
    await verify({ token: await linkOf(person), ...proof }, token);

  test("of ten at the same moment, one confirms", async () => {
    const person = await register(auth);
    const token = await linkOf(person);
    const answers = await Promise.all(Array.from({ length: 10 }, () => verify({ token }, person.token)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(410)]);
  });

  test("410 for an expired token, one of another purpose, and the hash that is stored", async () => {
    const person = await register(auth);
    const confirm = (token: unknown) => verify({ token }, person.token);
    await auth.post("/auth/password/forgot", { email: person.email });
    expect((await confirm(await tokenMailed(auth, person.email, /new password/))).status).toBe(410);
    const stored = await auth.sql`SELECT identifier FROM auth.verifications`;
    expect(stored.length).toBeGreaterThan(0);
    for (const { identifier } of stored) {
      expect((await confirm(identifier)).status).toBe(410);
    }
    const token = await linkOf(person);
    await auth.sql`UPDATE auth.verifications SET expires_at = now() - interval '1 second'`;
    expect((await confirm(token)).status).toBe(410);
  });

  test("410 when the address has changed since the mail", async () => {
    const person = await register(auth);
    const token = await linkOf(person);
    await auth.sql`UPDATE auth.users SET email = 'moved.' || email WHERE id = ${person.id}`;
    expect((await verify({ token }, person.token)).status).toBe(410);
  });

  test("an address in ADMIN_EMAILS makes its owner an administrator once it is confirmed, not before", async () => {
    const chief = await registerListed();
    expect(await accountOf(chief)).toEqual(untouched);
    expect((await confirmEmail(auth, chief)).body).toMatchObject({ role: "admin" });
  });
});

describe("whoever follows the link, but did not open the account,", () => {
  test.for([
    ["shows nothing", async () => ({}), 400, "validation_failed"],
    ["guesses a password", async () => ({ password: "quiet lake of mine" }), 401, "invalid_credentials"],
    ["is logged in to an account of their own", async () => ({ as: (await register(auth)).token }), 403, "forbidden"],
    ["shows an API key of the account", keyOf, 401, "unauthenticated"],
    ["acts as the account's user, being an administrator", actingAs, 403, "forbidden"],
  ] as const)("and %s, confirms nothing and promotes nobody", async ([, show, status, code]) => {
    const attacker = await registerListed();
    const link = await linkOf(attacker);
    const { as, ...proof }: { as?: string; password?: string } = await show(attacker);
    expect(await verify({ token: link, ...proof }, as)).toMatchObject({ status, body: { code } });
    expect(await accountOf(attacker)).toEqual(untouched);
    // The link stays good for its owner.
    expect((await verify({ token: link }, attacker.token)).status).toBe(200);
  });

  async function keyOf({ password, token }: Person) {
    const { key } = z
      .object({ key: z.string() })
      .parse((await auth.post("/auth/api-keys", { name: "x", password }, { token })).body);
    const { body } = await auth.asService("router", "POST", "/auth/internal/api-keys/exchange", { key });
    return { as: z.object({ access_token: z.string() }).parse(body).access_token };
  }

  async function actingAs({ id }: Person) {
    const admin = await registerAs(auth, "admin");
    const { body } = await auth.post(`/auth/admin/users/${id}/impersonate`, undefined, { token: admin.token });
    return { as: z.object({ access_token: z.string() }).parse(body).access_token };
  }

  test("who guesses is braked", async () => {
    const person = await register(auth);
    const token = await linkOf(person);
    for (let count = 0; count < 5; count += 1) {
      expect((await verify({ token, password: "wrong password" })).status).toBe(401);
    }
    expect((await verify({ token, password: person.password })).status).toBe(429);
  });
});

/** Every way in that somebody could prepare who opened an account with another's address. */
async function prepare(attacker: Person) {
  const { id, password, token } = attacker;
  const key = await auth.post("/auth/api-keys", { name: "x", password }, { token });
  await auth.sql`
    INSERT INTO auth.identities (id, user_id, provider_id, account_id) VALUES (${newId()}, ${id}, 'house', ${id})`;
  await auth.sql`
    INSERT INTO auth.passkeys (id, user_id, name, credential_id, public_key, counter, transports)
    VALUES (${newId()}, ${id}, 'x', ${id}, 'x', 0, '{}')`;
  const browser = await askLink(attacker.email);
  const code = codeIn(await followLink(await mailedLink(attacker.email), browser));
  return { key: z.object({ key: z.string() }).parse(key.body).key, code };
}

async function askLink(email: string): Promise<string> {
  const { headers } = await auth.post("/auth/magic-link", { email });
  return headers.get("set-cookie")?.split(";")[0] ?? "";
}
const mailedLink = (email: string) => tokenMailed(auth, email, /Log in/);
const followLink = (token: string, cookie: string) =>
  auth.post("/auth/magic-link/login", { token }, { headers: { cookie } });

describe("the owner of an address that an attacker registered gets the account without the attacker in it", () => {
  const ways = {
    "a new password": async ({ email }: Person) => {
      await auth.post("/auth/password/forgot", { email });
      const token = await tokenMailed(auth, email, /new password/);
      expect((await auth.post("/auth/password/reset", { token, password: "owner's quiet lake" })).status).toBe(204);
      return tokensIn(await auth.post("/auth/login", { email, password: "owner's quiet lake" })).token;
    },
    "a link to log in with": async ({ email }: Person) => {
      const browser = await askLink(email);
      const code = codeIn(await followLink(await mailedLink(email), browser));
      return tokensIn(await auth.post("/auth/session", { code })).token;
    },
  };

  test.for(Object.entries(ways))("by %s", async ([, enter]) => {
    const attacker = await registerListed();
    const { key, code } = await prepareUnproven(attacker);
    const token = await enter(attacker);
    expect((await auth.get("/auth/me", token)).body).toMatchObject({ emailVerified: true, role: "admin" });
    const { email, password } = attacker;
    const attempts = await Promise.all([
      auth.get("/auth/me", attacker.token),
      auth.post("/auth/refresh", { refresh_token: attacker.refreshToken }),
      auth.post("/auth/login", { email, password }),
      auth.post("/auth/session", { code }),
      auth.asService("router", "POST", "/auth/internal/api-keys/exchange", { key }),
      auth.post("/auth/verify-email", { token: await linkOf(attacker), password }),
    ]);
    expect(attempts.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401]);
    const left = await auth.sql`
      SELECT 1 FROM auth.identities WHERE user_id = ${attacker.id} AND provider_id <> 'credential'
      UNION ALL SELECT 1 FROM auth.passkeys WHERE user_id = ${attacker.id}`;
    expect(left).toEqual([]);
  });

  /** As `prepare`, but that a link was followed does not count: the attacker reads no mail of that address. */
  async function prepareUnproven(attacker: Person) {
    const { password, token, id } = attacker;
    await auth.sql`UPDATE auth.users SET email_verified = true WHERE id = ${id}`;
    const prepared = await prepare({ ...attacker, password, token });
    await auth.sql`UPDATE auth.users SET email_verified = false WHERE id = ${id}`;
    return prepared;
  }
});

test("a proven address is announced once, with the id of the account and nothing else", async () => {
  const person = await register(auth);
  await confirmEmail(auth, person);
  await auth.post("/auth/password/forgot", { email: person.email });
  const token = await tokenMailed(auth, person.email, /new password/);
  await auth.post("/auth/password/reset", { token, password: "another quiet lake" });
  await login(auth, { ...person, password: "another quiet lake" });
  const proven = (await announcedOf(auth, person.id)).filter(({ event }) => event === "user.email_verified");
  expect(proven).toEqual([{ event: "user.email_verified", subject: person.id, data: { userId: person.id } }]);
});
