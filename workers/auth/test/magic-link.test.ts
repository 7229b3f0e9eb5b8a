import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  codeIn,
  confirmEmail,
  guardedMeanwhile,
  mailsTo,
  type Person,
  register,
  tokenMailed,
} from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

const returnTo = "http://app.test/after/";
let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth({ OAUTH_RETURN_URLS: returnTo });
});
afterAll(() => auth.stop());

const ask = (email: string, more: object = {}) => auth.post("/auth/magic-link", { email, ...more });
const cookieOf = (answer: { headers: Headers }) => answer.headers.get("set-cookie")?.split(";")[0] ?? "";
const mailed = (email: string) => tokenMailed(auth, email, /Log in/);
const follow = (token: string, cookie?: string, more: object = {}) =>
  auth.post("/auth/magic-link/login", { token, ...more }, cookie === undefined ? {} : { headers: { cookie } });

/** Somebody with a proven address, and a browser that has asked for a link. */
async function asked(): Promise<{ person: Person; token: string; cookie: string }> {
  const person = await register(auth);
  await confirmEmail(auth, person);
  const cookie = cookieOf(await ask(person.email));
  return { person, token: await mailed(person.email), cookie };
}

describe("POST /auth/magic-link", () => {
  test("202 and nothing else, whether there is such an account or not; only one that is there gets mail", async () => {
    const { email } = await register(auth);
    const answers = [await ask(email.toUpperCase()), await ask("nobody@example.com")];
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 202, text: "" });
      expect(answer.headers.get("set-cookie")).toMatch(
        /^trivet-login=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Strict$/,
      );
    }
    const names = answers.map(({ headers }) => [...headers.keys()].toSorted());
    expect(names[0]).toEqual(names[1]);
    expect((await mailsTo(auth, email)).filter(({ subject }) => subject === "Log in").length).toBe(1);
    expect(await mailsTo(auth, "nobody@example.com")).toEqual([]);
  });

  test("over HTTPS the cookie is a __Host- cookie", async () => {
    const secure = auth.anotherProcess({ PUBLIC_URL: "https://trivet.test" });
    const { headers } = await secure.post("/auth/magic-link", { email: "nobody@example.com" });
    expect(headers.get("set-cookie")).toMatch(/^__Host-trivet-login=[\w-]{43}; .*; Secure; SameSite=Strict$/);
  });

  test("an addressee gets no more than three mails in five minutes, and the answer does not tell", async () => {
    const { email } = await register(auth);
    for (let count = 0; count < 5; count += 1) expect((await ask(email)).status).toBe(202);
    expect((await mailsTo(auth, email)).filter(({ subject }) => subject === "Log in").length).toBe(3);
  });

  test("400 for an address to return to that is not listed, when it is asked and when it is used", async () => {
    const evil = { return_to: "http://evil.test/" };
    expect((await ask("nobody@example.com", evil)).status).toBe(400);
    const { token, cookie } = await asked();
    expect((await follow(token, cookie, evil)).status).toBe(400);
    expect((await follow(token, cookie)).status).toBe(200);
  });
});

describe("POST /auth/magic-link/login", () => {
  test("200 once, in the browser that asked: a code that POST /auth/session takes once", async () => {
    const { person, token, cookie } = await asked();
    const answers = await Promise.all([1, 2, 3].map(() => follow(token, cookie)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 410, 410]);
    const followed = answers.find(({ status }) => status === 200);
    expect(followed?.body).toMatchObject({ expires_in: 120, location: null });
    const code = followed && codeIn(followed);
    const sessions = await Promise.all([1, 2, 3].map(() => auth.post("/auth/session", { code })));
    expect(sessions.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    expect(sessions.find(({ status }) => status === 200)?.body).toMatchObject({ user: { id: person.id } });
  });

  test("leads back with the code", async () => {
    const person = await register(auth);
    await confirmEmail(auth, person);
    const cookie = cookieOf(await ask(person.email, { return_to: `${returnTo}page?x=1` }));
    const [mail] = (await mailsTo(auth, person.email)).filter(({ subject }) => subject === "Log in");
    const link = new URL(/https?:\S+/.exec(mail?.text ?? "")?.[0] ?? "");
    const { token, return_to } = Object.fromEntries(link.searchParams);
    const followed = await follow(token ?? "", cookie, { return_to });
    const code = codeIn(followed);
    expect(followed.body).toMatchObject({ location: `${returnTo}page?x=1&code=${code}` });
  });

  test("410 in a browser that did not ask, and the link stays good for the one that did", async () => {
    const { token, cookie } = await asked();
    const stranger = cookieOf(await ask("nobody@example.com"));
    for (const other of [undefined, stranger, "trivet-login=", `trivet-login=${"A".repeat(43)}`]) {
      expect(await follow(token, other)).toMatchObject({ status: 410, body: { code: "gone" } });
    }
    expect((await follow(token, cookie)).status).toBe(200);
  });

  test("410 for an expired link, an unknown one, one of another purpose, and what is stored", async () => {
    const { person, token, cookie } = await asked();
    const stored = await auth.sql`SELECT identifier FROM auth.verifications`;
    const others = ["A".repeat(43), await tokenMailed(auth, person.email, /Confirm/)];
    for (const other of [...others, ...stored.map(({ identifier }) => String(identifier))]) {
      expect((await follow(other, cookie)).status).toBe(410);
    }
    await auth.sql`UPDATE auth.verifications SET expires_at = now() - interval '1 second'`;
    expect((await follow(token, cookie)).status).toBe(410);
  });

  test("one that was followed voids the others, and so does a new password", async () => {
    const first = await asked();
    const { email } = first.person;
    await ask(email);
    await auth.settled();
    const again = await auth.post("/auth/magic-link", { email }, { headers: { cookie: first.cookie } });
    expect(cookieOf(again)).toBe(first.cookie);
    const code = codeIn(await follow(await mailed(email), first.cookie));
    expect((await follow(first.token, first.cookie)).status).toBe(410);
    await auth.post("/auth/password/forgot", { email });
    const token = await tokenMailed(auth, email, /new password/);
    expect((await auth.post("/auth/password/reset", { token, password: "another quiet lake" })).status).toBe(204);
    expect((await auth.post("/auth/session", { code })).status).toBe(401);
  });

  test("403 for a banned account", async () => {
    const { person, token, cookie } = await asked();
    await auth.sql`UPDATE auth.users SET banned = true, ban_reason = 'spam' WHERE id = ${person.id}`;
    expect((await follow(token, cookie)).status).toBe(403);
  });

  test("the second factor is asked for when the code is exchanged, also one that has just come", async () => {
    const { person, token, cookie } = await asked();
    const code = codeIn(await follow(token, cookie));
    const answer = await guardedMeanwhile(auth, person.id, () => auth.post("/auth/session", { code }));
    expect(answer).toMatchObject({ status: 401, body: { code: "second_factor_required" } });
    expect(await auth.post("/auth/session", { code })).toMatchObject({
      status: 401,
      body: { code: "second_factor_required" },
    });
  });
});

test("GET shows a page and consumes nothing", async () => {
  const { token, cookie } = await asked();
  for (let visit = 0; visit < 3; visit += 1) {
    const { status, headers, text } = await auth.get(`/auth/magic-link/login?token=${token}`);
    expect(status).toBe(200);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(text).not.toContain(token);
  }
  expect((await follow(token, cookie)).status).toBe(200);
});
