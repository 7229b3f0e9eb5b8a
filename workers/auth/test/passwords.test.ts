import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seal } from "../src/tokens/seal.ts";
import { confirmEmail, login, mailsTo, register, tokenMailed } from "./system/people.ts";
import { productionCost, settings } from "./system/settings.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth();
});
afterAll(() => auth.stop());

const forgot = (email: string) => auth.post("/auth/password/forgot", { email });
const expireTokens = () => auth.sql`UPDATE auth.verifications SET expires_at = now() - interval '1 second'`;

test("an administrator whose role was taken away does not get it back by proving the address again", async () => {
  const root = await register(auth, { email: "root@example.com", username: "root", password: "quiet lake" });
  const link = await tokenMailed(auth, root.email, /Confirm/);
  await forgot(root.email);
  const [first, second] = [await tokenMailed(auth, root.email, /new password/), "another quiet lake"];
  expect((await auth.post("/auth/password/reset", { token: first, password: second })).status).toBe(204);
  const role = async () =>
    Object((await auth.get("/auth/me", (await login(auth, { ...root, password: second })).token)).body).role;
  expect(await role()).toBe("admin");
  await auth.sql`UPDATE auth.users SET role = 'user' WHERE id = ${root.id}`;
  await auth.post("/auth/verify-email", { token: link, password: second });
  expect(await role()).toBe("user");
  await forgot(root.email);
  const again = await tokenMailed(auth, root.email, /new password/);
  expect((await auth.post("/auth/password/reset", { token: again, password: second })).status).toBe(204);
  expect(await role()).toBe("user");
});

test("no mail says what whoever opened the account has written", async () => {
  const name = "you have won!\n\nhttps://evil.example/";
  const credentials = { email: "stranger@example.com", username: "visit.evil.example", password: "quiet lake" };
  expect((await auth.post("/auth/register", { ...credentials, name })).status).toBe(201);
  await forgot(credentials.email);
  const mails = await mailsTo(auth, credentials.email);
  expect(mails.map(({ subject }) => subject).toSorted()).toEqual(["Confirm your email address", "Set a new password"]);
  for (const { subject, text } of mails) expect(subject + text).not.toMatch(/won|evil/);
});

describe("POST /auth/verify-email/resend", () => {
  test("202 and another mail, a few times; 409 when confirmed; 401 without a token", async () => {
    const person = await register(auth);
    const resend = (token?: string) => auth.post("/auth/verify-email/resend", undefined, { token });
    expect((await resend()).status).toBe(401);
    for (let count = 0; count < 3; count += 1) expect((await resend(person.token)).status).toBe(202);
    expect((await resend(person.token)).status).toBe(429);
    expect((await mailsTo(auth, person.email)).length).toBe(4);
    await confirmEmail(auth, person);
    expect((await resend(person.token)).status).toBe(409);
  });
});

describe("POST /auth/password/forgot", () => {
  test("202 and nothing else, whether there is such an account or not", async () => {
    const person = await register(auth);
    const known = await forgot(person.email.toUpperCase());
    const unknown = await forgot("nobody@example.com");
    for (const answer of [known, unknown]) expect(answer).toMatchObject({ status: 202, text: "" });
    expect((await mailsTo(auth, person.email)).map(({ subject }) => subject)).toContain("Set a new password");
    expect(await mailsTo(auth, "nobody@example.com")).toEqual([]);
  });

  test("an addressee gets no more than three mails in five minutes, and the answer does not tell", async () => {
    const person = await register(auth);
    for (let count = 0; count < 5; count += 1) expect((await forgot(person.email)).status).toBe(202);
    const resets = (await mailsTo(auth, person.email)).filter(({ subject }) => subject === "Set a new password");
    expect(resets.length).toBe(3);
  });
});

describe("POST /auth/password/reset", () => {
  test("204: the new password holds, every session has ended, the address is proven, the other links are void", async () => {
    const person = await register(auth);
    const other = await login(auth, person);
    await forgot(person.email);
    const first = await tokenMailed(auth, person.email, /new password/);
    await forgot(person.email);
    const second = await tokenMailed(auth, person.email, /new password/);
    const password = "another quiet lake";
    expect((await auth.post("/auth/password/reset", { token: second, password })).status).toBe(204);
    expect((await auth.post("/auth/password/reset", { token: second, password })).status).toBe(410);
    expect((await auth.post("/auth/password/reset", { token: first, password })).status).toBe(410);
    for (const { token, refreshToken } of [person, other]) {
      expect((await auth.get("/auth/me", token)).status).toBe(401);
      expect((await auth.post("/auth/refresh", { refresh_token: refreshToken })).status).toBe(401);
    }
    const { email } = person;
    expect((await auth.post("/auth/login", { email, password: person.password })).status).toBe(401);
    const back = await login(auth, { ...person, password });
    expect((await auth.get("/auth/me", back.token)).body).toMatchObject({ emailVerified: true });
  });

  test.for([
    ["goes on when the address was proven before", true],
    ["ends when it was not: a stranger may have opened the account", false],
  ] as const)("every other way in %s", async ([, proven]) => {
    const person = await register(auth);
    if (proven) await confirmEmail(auth, person);
    const { token: session, password } = person;
    expect((await auth.post("/auth/api-keys", { name: "x", password }, { token: session })).status).toBe(201);
    await auth.sql`
      INSERT INTO auth.identities (id, user_id, provider_id, account_id)
      VALUES (gen_random_uuid(), ${person.id}, 'house', ${person.id})`;
    await auth.sql`
      INSERT INTO auth.passkeys (id, user_id, name, credential_id, public_key, counter, transports)
      VALUES (gen_random_uuid(), ${person.id}, 'x', ${person.id}, 'x', 0, '{}')`;
    await auth.sql`
      INSERT INTO auth.two_factors (id, user_id, secret, backup_codes, verified)
      VALUES (gen_random_uuid(), ${person.id}, 'x', 'x', true)`;
    await auth.sql`UPDATE auth.users SET two_factor_enabled = true WHERE id = ${person.id}`;
    await forgot(person.email);
    const token = await tokenMailed(auth, person.email, /new password/);
    expect((await auth.post("/auth/password/reset", { token, password: "another quiet lake" })).status).toBe(204);
    const left: number[] = [];
    for (const table of ["api_keys", "passkeys", "two_factors", "identities"]) {
      left.push((await auth.sql`SELECT 1 FROM ${auth.sql(`auth.${table}`)} WHERE user_id = ${person.id}`).length);
    }
    // A reset ends API keys in any case.
    expect(left).toEqual(proven ? [0, 1, 1, 2] : [0, 0, 0, 1]);
    const login = await auth.post("/auth/login", { email: person.email, password: "another quiet lake" });
    expect(login.status).toBe(proven ? 401 : 200);
  });

  test("400 for a password that may not be, and the token stays good", async () => {
    const person = await register(auth);
    await forgot(person.email);
    const token = await tokenMailed(auth, person.email, /new password/);
    for (const password of ["short", person.email, "password1"]) {
      expect((await auth.post("/auth/password/reset", { token, password })).status).toBe(400);
    }
    expect((await auth.post("/auth/password/reset", { token, password: "another quiet lake" })).status).toBe(204);
  });

  test("410 for an expired and an unknown token", async () => {
    const person = await register(auth);
    await forgot(person.email);
    const token = await tokenMailed(auth, person.email, /new password/);
    await expireTokens();
    const password = "another quiet lake";
    expect((await auth.post("/auth/password/reset", { token, password })).status).toBe(410);
    expect((await auth.post("/auth/password/reset", { token: "A".repeat(43), password })).status).toBe(410);
  });
});

describe("POST /auth/password/change", () => {
  const change = (token: string, currentPassword: string, newPassword: string) =>
    auth.post("/auth/password/change", { currentPassword, newPassword }, { token });

  test("204: the new password holds, other sessions have ended, this one goes on, reset links are void", async () => {
    const person = await register(auth);
    const other = await login(auth, person);
    await forgot(person.email);
    const link = await tokenMailed(auth, person.email, /new password/);
    expect((await change(person.token, person.password, "another quiet lake")).status).toBe(204);
    expect((await auth.get("/auth/me", person.token)).status).toBe(200);
    expect((await auth.get("/auth/me", other.token)).status).toBe(401);
    expect((await auth.post("/auth/password/reset", { token: link, password: "stolen password" })).status).toBe(410);
    await login(auth, { ...person, password: "another quiet lake" });
  });

  test("401 for a wrong current password, with a brake; 400 for an obvious new one", async () => {
    const person = await register(auth);
    for (const obvious of [person.email, "Qwertyuiop"]) {
      expect(await change(person.token, person.password, obvious)).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: "/newPassword" }] },
      });
    }
    for (let count = 0; count < 5; count += 1) {
      expect(await change(person.token, "wrong password", "another quiet lake")).toMatchObject({
        status: 401,
        body: { code: "invalid_credentials" },
      });
    }
    expect((await change(person.token, person.password, "another quiet lake")).status).toBe(429);
  });
});

describe("the pages behind the links", () => {
  test.for(["/auth/verify-email", "/auth/password/reset"])("GET %s shows a page and consumes nothing", async (path) => {
    const person = await register(auth);
    await forgot(person.email);
    const token = await tokenMailed(auth, person.email, path.includes("verify") ? /Confirm/ : /new password/);
    for (let visit = 0; visit < 3; visit += 1) {
      const { status, headers, text } = await auth.get(`${path}?token=${token}`);
      expect(status).toBe(200);
      expect(headers.get("content-type")).toMatch(/^text\/html/);
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cache-control")).toBe("no-store");
      const policy = headers.get("content-security-policy") ?? "";
      const nonce = /script-src 'nonce-([\w-]{43})'/.exec(policy)?.[1];
      expect(policy).toContain("default-src 'none'");
      expect(text).toContain(`<script nonce="${nonce}"`);
      expect(text).not.toContain(token);
      expect(text).not.toMatch(/(?:src|href)=/);
    }
    const body = { token, password: path.includes("verify") ? person.password : "another quiet lake" };
    expect((await auth.post(path, body)).status).toBeLessThan(300);
  });

  test("the nonce differs each time, and a page needs a token", async () => {
    const policies = await Promise.all([1, 2].map(() => auth.get("/auth/verify-email?token=x")));
    const [first, second] = policies.map(({ headers }) => headers.get("content-security-policy"));
    expect(first).not.toBe(second);
    expect((await auth.get("/auth/verify-email")).status).toBe(400);
  });
});

describe("the mailbox", () => {
  test("shows mails as a page, in which nothing runs", async () => {
    await register(auth, { email: "box@example.com", username: "box", password: "quiet lake box" });
    const mail = { to: "markup@example.com", subject: "Markup", text: "<script>alert(1)</script>" };
    const sealed = await seal(settings.AUTH_SECRET, JSON.stringify(mail));
    await auth.sql`
      INSERT INTO auth.mails (id, sealed, expires_at) VALUES (gen_random_uuid(), ${sealed}, now() + interval '1 hour')`;
    const { status, text, headers } = await auth.get("/auth/mailbox");
    expect(status).toBe(200);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(text).toContain("box@example.com");
    expect(text).not.toContain("<script>alert");
    expect(text).toContain("&lt;script&gt;alert");
  });

  test("404 in production", async () => {
    const production = auth.anotherProcess({ ...productionCost, TRIVET_ENV: "production" });
    for (const path of ["/auth/mailbox", "/auth/mailbox/messages"]) {
      expect((await production.get(path)).status).toBe(404);
    }
  });

  test("what is stored can be read by auth alone", async () => {
    const person = await register(auth);
    const token = await tokenMailed(auth, person.email, /Confirm/);
    const [mails, tokens] = [
      await auth.sql`SELECT * FROM auth.mails`,
      await auth.sql`SELECT * FROM auth.verifications`,
    ];
    for (const dump of [JSON.stringify(mails), JSON.stringify(tokens)]) {
      expect(dump).not.toContain(token);
    }
    expect(JSON.stringify(mails)).not.toContain(person.email);
  });
});
