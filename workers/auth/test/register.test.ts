import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimsOf, newCredentials, register, tokensIn } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth();
});
afterAll(() => auth.stop());

describe("POST /auth/register", () => {
  test("201: the account, its tokens, and the account announced", async () => {
    const credentials = newCredentials();
    const answer = await auth.post("/auth/register", {
      ...credentials,
      email: ` ${credentials.email.toUpperCase()}`,
      name: "Ada",
    });
    expect(answer).toMatchObject({
      status: 201,
      body: {
        user: {
          email: credentials.email,
          username: credentials.username,
          name: "Ada",
          role: "user",
          emailVerified: false,
        },
      },
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.text).not.toContain(credentials.password);
    const claims = claimsOf(tokensIn(answer).token);
    expect(claims).toMatchObject({ role: "user", username: credentials.username, aud: "trivet" });
    await auth.settled();
    expect(auth.events.sent.at(-1)).toMatchObject({
      event: "user.created",
      subject: claims.sub,
      data: { userId: claims.sub },
    });
    expect(await auth.sql`SELECT * FROM auth.outbox`).toEqual([]);
  });

  test("the name is the username when none is given", async () => {
    const credentials = newCredentials();
    const { body } = await auth.post("/auth/register", credentials);
    expect(body).toMatchObject({ user: { name: credentials.username } });
  });

  const valid = { email: "valid@example.com", username: "valid", password: "quiet lake" };
  test.for([
    ["no body fields", {}, ["/email", "/username", "/password"]],
    ["an address that is none", { ...valid, email: "nobody" }, ["/email"]],
    ["a username with spaces", { ...valid, username: "two words" }, ["/username"]],
    ["a username of two letters", { ...valid, username: "ab" }, ["/username"]],
    ["a password of 7 characters", { ...valid, password: "1234567" }, ["/password"]],
    ["a password of 7 characters that are 14 code units", { ...valid, password: "🦉🦉🦉🦉🦉🦉🦉" }, ["/password"]],
    ["a password of 257 characters", { ...valid, password: "x".repeat(257) }, ["/password"]],
    ["the username as password", { ...valid, username: "long.username", password: "Long.Username" }, ["/password"]],
    ["the address as password", { ...valid, password: "VALID@example.com" }, ["/password"]],
    ["one of the most common passwords", { ...valid, password: "sunshine" }, ["/password"]],
    ["another, in other case", { ...valid, password: "PassWord1" }, ["/password"]],
    ["another, in full-width letters", { ...valid, password: "ｉｌｏｖｅｙｏｕ" }, ["/password"]],
    ["a common one beside the username", { ...valid, password: "validpassword1" }, ["/password"]],
    [
      "the username with an ornament",
      { ...valid, username: "ada.lovelace", password: "Ada.Lovelace1!" },
      ["/password"],
    ],
    [
      "the local part with a year",
      { ...valid, email: "lovelace@example.com", password: "lovelace1815" },
      ["/password"],
    ],
    ["the service's name with an ornament", { ...valid, password: "Trivet2026!" }, ["/password"]],
    ["an unknown field", { ...valid, role: "admin" }, ["/role"]],
    ["an empty name", { ...valid, name: "" }, ["/name"]],
  ] as const)("400 for %s, and nothing is stored", async ([, body, pointers]) => {
    const answer = await auth.post("/auth/register", body);
    expect(answer).toMatchObject({ status: 400, body: { code: "validation_failed" } });
    expect(Object(answer.body).errors.map((error: { pointer: string }) => error.pointer)).toEqual(pointers);
    expect(await auth.sql`SELECT id FROM auth.users WHERE email = ${valid.email}`).toEqual([]);
  });

  test.for(["quiet lake of ada", "trivet on three legs", "sunshine and rain", "9xk2!vq8m#", "valid horse battery"])(
    "a password is not refused for having a name or a common word in it: %s",
    async (password) => {
      await register(auth, { ...newCredentials("valid"), password });
    },
  );

  test("256 characters of any script are one whole password", async () => {
    const credentials = { ...newCredentials(), password: `${"🦉".repeat(255)}ä` };
    await register(auth, credentials);
    const { email } = credentials;
    const cut = await auth.post("/auth/login", { email, password: `${"🦉".repeat(255)}a` });
    expect(cut.status).toBe(401);
    // The same characters, decomposed.
    const composed = await auth.post("/auth/login", { email, password: `${"🦉".repeat(255)}a\u0308` });
    expect(composed.status).toBe(200);
  });

  test.for(["email", "username"] as const)(
    "409 for a taken %s in other case, and nothing is announced",
    async (field) => {
      const taken = await register(auth);
      await auth.settled();
      const announced = auth.events.sent.length;
      const twin = { ...newCredentials(), [field]: taken[field].toUpperCase() };
      expect(await auth.post("/auth/register", twin)).toMatchObject({ status: 409, body: { code: "conflict" } });
      await auth.settled();
      expect(auth.events.sent.length).toBe(announced);
    },
  );

  test.for(["email", "username"] as const)("of eight twins at once by %s, one wins", async (field) => {
    const credentials = newCredentials();
    const twins = Array.from({ length: 8 }, () => ({ ...newCredentials("twin"), [field]: credentials[field] }));
    const answers = await Promise.all(twins.map((twin) => auth.post("/auth/register", twin)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  });

  test("answers without waiting for the queue of events; while that is down the event waits in the outbox", async () => {
    auth.events.down = true;
    const person = await register(auth);
    const waiting = () => auth.sql`SELECT subject FROM auth.outbox WHERE subject = ${person.id}`;
    expect((await waiting()).length).toBe(1);
    auth.events.down = false;
    await auth.settled();
    expect(auth.sent().filter(({ subject }) => subject === person.id)).toMatchObject([{ event: "user.created" }]);
    expect((await waiting()).length).toBe(0);
  });
});
