import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Authenticator, type Flaws } from "./system/authenticator.ts";
import { claimsOf, type Person, register, tokensIn } from "./system/people.ts";
import { settings } from "./system/settings.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth();
});
afterAll(() => auth.stop());

const creation = z.looseObject({
  challenge: z.string(),
  rp: z.object({ id: z.literal("localhost") }),
  user: z.object({ id: z.string() }),
  excludeCredentials: z.array(z.object({ id: z.string() })),
  authenticatorSelection: z.looseObject({ userVerification: z.literal("required") }),
});
const request = z.looseObject({
  challenge: z.string(),
  rpId: z.literal("localhost"),
  userVerification: z.literal("required"),
});

const begin = async ({ token, password }: Person) =>
  creation.parse((await auth.post("/auth/passkeys/register/options", { password }, { token })).body);
const store = ({ token }: Person, response: object, name = "Phone") =>
  auth.post("/auth/passkeys/register", { name, response }, { token });
const beginLogin = async () => request.parse((await auth.post("/auth/passkeys/login/options")).body);
const enter = (response: object) => auth.post("/auth/passkeys/login", { response });

/** Somebody with a passkey. */
async function owner() {
  const person = await register(auth);
  const authenticator = new Authenticator(settings.PUBLIC_URL);
  const stored = await store(person, authenticator.create(await begin(person)));
  expect(stored).toMatchObject({ status: 201, body: { name: "Phone", lastUsedAt: null } });
  return { person, authenticator, id: String(Object(stored.body).id) };
}

describe("making a passkey", () => {
  test("asks for the password, names those that exist, and lists what was made", async () => {
    const { person, id } = await owner();
    const { token } = person;
    expect((await auth.post("/auth/passkeys/register/options", {}, { token })).status).toBe(401);
    expect((await auth.post("/auth/passkeys/register/options", { password: "wrong password" }, { token })).status).toBe(
      401,
    );
    expect((await begin(person)).excludeCredentials.length).toBe(1);
    expect((await auth.get("/auth/passkeys", token)).body).toMatchObject({ items: [{ id, name: "Phone" }] });
  });

  const flaws: [string, Flaws][] = [
    ["another origin", { origin: "http://evil.test" }],
    ["another relying party", { rpId: "evil.test" }],
    ["a challenge of nobody", { challenge: "A".repeat(43) }],
    ["the answer to a login", { type: "webauthn.get" }],
    ["a user who was not verified", { userVerified: false }],
  ];
  test.for(flaws)("422 for %s", async ([, flaw]) => {
    const person = await register(auth);
    const response = new Authenticator(settings.PUBLIC_URL).create(await begin(person), flaw);
    expect(await store(person, response)).toMatchObject({ status: 422, body: { code: "unprocessable" } });
  });

  test("422 for a challenge of somebody else, of a login, and one used before; 409 for a known passkey", async () => {
    const [ada, bob] = [await register(auth), await register(auth)];
    const authenticator = new Authenticator(settings.PUBLIC_URL);
    expect((await store(ada, authenticator.create(await begin(bob)))).status).toBe(422);
    const { challenge } = await beginLogin();
    expect((await store(ada, authenticator.create(await begin(ada), { challenge }))).status).toBe(422);
    const response = authenticator.create(await begin(ada));
    expect((await store(ada, response)).status).toBe(201);
    expect((await store(ada, response)).status).toBe(422);
    expect((await store(bob, authenticator.create(await begin(bob)))).status).toBe(409);
  });

  test("400 for what is no credential", async () => {
    const person = await register(auth);
    for (const response of [{}, { id: "x" }, { id: "?", rawId: "?", type: "password", response: {} }]) {
      expect((await store(person, response)).status).toBe(400);
    }
  });
});

describe("a login by passkey", () => {
  test("200 without any name, each challenge once, and the use is noted", async () => {
    const { person, authenticator } = await owner();
    const response = authenticator.get(await beginLogin());
    const answers = await Promise.all([1, 2, 3].map(() => enter(response)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    const entered = tokensIn(answers.find(({ status }) => status === 200) ?? Object(undefined));
    expect(claimsOf(entered.token).sub).toBe(person.id);
    const { items } = Object((await auth.get("/auth/passkeys", entered.token)).body);
    expect(items[0].lastUsedAt).not.toBeNull();
  });

  const flaws: [string, Flaws][] = [
    ["another origin", { origin: "http://evil.test" }],
    ["another relying party", { rpId: "evil.test" }],
    ["a challenge of nobody", { challenge: "A".repeat(43) }],
    ["the answer to a registration", { type: "webauthn.create" }],
    ["a user who was not verified", { userVerified: false }],
    ["the handle of somebody else", { userHandle: Buffer.from(newId()).toString("base64url") }],
  ];
  test.for(flaws)("401 for %s", async ([, flaw]) => {
    const { authenticator } = await owner();
    expect(await enter(authenticator.get(await beginLogin(), flaw))).toMatchObject({
      status: 401,
      body: { code: "invalid_credentials" },
    });
  });

  test("401 for a challenge of a registration, a signature by another key, and an unknown passkey", async () => {
    const { person, authenticator } = await owner();
    const { challenge } = await begin(person);
    expect((await enter(authenticator.get(await beginLogin(), { challenge }))).status).toBe(401);
    const stranger = new Authenticator(settings.PUBLIC_URL);
    const options = await beginLogin();
    const { id, rawId } = authenticator.get(options);
    expect((await enter({ ...stranger.get(options), id, rawId })).status).toBe(401);
    expect((await enter(stranger.get(await beginLogin()))).status).toBe(401);
  });

  test("401 when the counter goes back: somebody has copied the key; one that never counts is fine", async () => {
    const { authenticator } = await owner();
    expect((await enter(authenticator.get(await beginLogin(), { counter: 7 }))).status).toBe(200);
    expect((await enter(authenticator.get(await beginLogin(), { counter: 7 }))).status).toBe(401);
    expect((await enter(authenticator.get(await beginLogin(), { counter: 8 }))).status).toBe(200);
    const uncounted = (await owner()).authenticator;
    for (let time = 0; time < 2; time += 1) {
      expect((await enter(uncounted.get(await beginLogin(), { counter: 0 }))).status).toBe(200);
    }
  });

  test("403 with the reason for a banned account", async () => {
    const { person, authenticator } = await owner();
    await auth.sql`UPDATE auth.users SET banned = true, ban_reason = 'spam' WHERE id = ${person.id}`;
    expect((await enter(authenticator.get(await beginLogin()))).status).toBe(403);
  });
});

describe("DELETE /auth/passkeys/{id}", () => {
  test("204 and it opens nothing; 404 for anybody else's", async () => {
    const { person, authenticator, id } = await owner();
    const other = await register(auth);
    const remove = async ({ token, password }: Person) => {
      await auth.post("/auth/confirm", { password }, { token });
      return await auth.request("DELETE", `/auth/passkeys/${id}`, { token });
    };
    expect((await remove(other)).status).toBe(404);
    expect((await remove(person)).status).toBe(204);
    expect((await remove(person)).status).toBe(404);
    expect((await enter(authenticator.get(await beginLogin()))).status).toBe(401);
  });
});
