import { base32 } from "@better-auth/utils/base32";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { codeOf, guardedMeanwhile, login, type Person, register } from "./system/people.ts";
import { type Answer, type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth();
});
afterAll(() => auth.stop());

const enrolment = z.strictObject({
  uri: z.string().startsWith("otpauth://totp/Trivet:"),
  secret: z.string().regex(/^[A-Z2-7]{32,}$/),
  recoveryCodes: z.array(z.string()).length(10),
});

const enable = async (person: Person) =>
  enrolment.parse((await auth.post("/auth/2fa/enable", { password: person.password }, { token: person.token })).body);

interface Guarded extends Person {
  secret: string;
  recoveryCodes: string[];
}

/** Somebody with a second factor in force. */
async function guarded(): Promise<Guarded> {
  const person = await register(auth);
  const { secret, recoveryCodes } = await enable(person);
  const verify = await auth.post("/auth/2fa/verify", { code: await codeOf(secret) }, { token: person.token });
  expect(verify.status).toBe(204);
  // As if that had been long ago: otherwise the present code has been used.
  await auth.sql`UPDATE auth.two_factors SET last_step = 0 WHERE user_id = ${person.id}`;
  return { ...person, secret, recoveryCodes };
}

const enter = ({ email, password }: Person, code?: string) => auth.post("/auth/login", { email, password, code });

describe("enrolment", () => {
  test("is in force after the first code, and ends other sessions; secrets are stored encrypted", async () => {
    const person = await register(auth);
    const other = await login(auth, person);
    const { secret, recoveryCodes } = await enable(person);
    expect((await enter(person)).status).toBe(200);
    const wrong = await auth.post("/auth/2fa/verify", { code: "000000" }, { token: person.token });
    expect(wrong).toMatchObject({ status: 401, body: { code: "invalid_credentials" } });
    const code = await codeOf(secret);
    expect((await auth.post("/auth/2fa/verify", { code }, { token: person.token })).status).toBe(204);
    expect((await auth.get("/auth/me", person.token)).body).toMatchObject({ twoFactorEnabled: true });
    expect((await auth.get("/auth/me", other.token)).status).toBe(401);
    const stored = JSON.stringify(await auth.sql`SELECT * FROM auth.two_factors`);
    for (const canary of [secret, new TextDecoder().decode(base32.decode(secret)), ...recoveryCodes]) {
      expect(stored).not.toContain(canary);
    }
  });

  test("asks for the password, and 409 when one is in force", async () => {
    const person = await guarded();
    const other = await register(auth);
    const ask = (token: string, body: object) => auth.post("/auth/2fa/enable", body, { token });
    expect((await ask(other.token, {})).status).toBe(401);
    expect((await ask(other.token, { password: "wrong password" })).status).toBe(401);
    expect((await ask(person.token, { password: person.password })).status).toBe(409);
    const code = await codeOf(person.secret);
    expect((await auth.post("/auth/2fa/verify", { code }, { token: person.token })).status).toBe(409);
  });
});

describe("POST /auth/login with a second factor", () => {
  test("401 second_factor_required without a code, and only with the right password", async () => {
    const person = await guarded();
    expect(await enter(person)).toMatchObject({ status: 401, body: { code: "second_factor_required" } });
    const wrong = await enter({ ...person, password: "wrong password" }, await codeOf(person.secret));
    expect(wrong).toMatchObject({ status: 401, body: { code: "invalid_credentials" } });
  });

  test("200 with the code, which is good once", async () => {
    const person = await guarded();
    const code = await codeOf(person.secret);
    const [first, second] = [await enter(person, code), await enter(person, code)];
    expect(first.status).toBe(200);
    expect(second).toMatchObject({ status: 401, body: { code: "second_factor_required" } });
  });

  test("an older code than the last one is refused, the next one is not", async () => {
    const person = await guarded();
    expect((await enter(person, await codeOf(person.secret, 0))).status).toBe(200);
    expect((await enter(person, await codeOf(person.secret, -1))).status).toBe(401);
    expect((await enter(person, await codeOf(person.secret, 1))).status).toBe(200);
    expect((await enter(person, await codeOf(person.secret, 5))).status).toBe(401);
  });

  test("of six at the same moment with one code, one is let in", async () => {
    const person = await guarded();
    const code = await codeOf(person.secret);
    const answers = await Promise.all(Array.from({ length: 4 }, () => enter(person, code)));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
  });

  test("a recovery code is good once, spaces and all", async () => {
    const person = await guarded();
    const [first = "", second = ""] = person.recoveryCodes;
    expect((await enter(person, ` ${first} `)).status).toBe(200);
    expect((await enter(person, first)).status).toBe(401);
    expect((await enter(person, second)).status).toBe(200);
    const [other] = (await guarded()).recoveryCodes;
    expect((await enter(person, other)).status).toBe(401);
  });

  test("of two at the same moment with one recovery code, one is let in", async () => {
    const person = await guarded();
    const [code] = person.recoveryCodes;
    const waiting = () => auth.sql`
      SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    const entering: Promise<Answer>[] = [];
    // Held back until both are about to spend it.
    await auth.sql.begin(async (tx) => {
      await tx`SELECT 1 FROM auth.two_factors WHERE user_id = ${person.id} FOR UPDATE`;
      entering.push(enter(person, code), enter(person, code));
      await expect.poll(async () => (await waiting()).length).toBe(2);
    });
    const statuses = (await Promise.all(entering)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 401]);
  });

  test("one that comes into force while the password is being checked counts", async () => {
    const person = await register(auth);
    const answer = await guardedMeanwhile(auth, person.id, () => enter(person));
    expect(answer).toMatchObject({ status: 401, body: { code: "second_factor_required" } });
  });

  test("guesses at the code are braked like guesses at the password", async () => {
    const person = await guarded();
    for (let count = 0; count < 5; count += 1) expect((await enter(person, `00000${count}`)).status).toBe(401);
    expect((await enter(person, await codeOf(person.secret))).status).toBe(429);
  });
});

describe("POST /auth/2fa/disable", () => {
  test.for(["password", "code", "recovery code"])("204 by %s, and the password is enough again", async (proof) => {
    const person = await guarded();
    const bodies: Record<string, object> = {
      password: { password: person.password },
      code: { code: await codeOf(person.secret) },
      "recovery code": { code: person.recoveryCodes[3] },
    };
    const disable = (body: object | undefined) => auth.post("/auth/2fa/disable", body, { token: person.token });
    expect((await disable({})).status).toBe(401);
    expect((await disable({ password: "wrong password" })).status).toBe(401);
    expect((await disable({ code: "000000" })).status).toBe(401);
    expect((await disable(bodies[proof])).status).toBe(204);
    expect((await enter(person)).status).toBe(200);
    expect((await disable(bodies[proof])).status).toBe(409);
    expect(await auth.sql`SELECT id FROM auth.two_factors WHERE user_id = ${person.id}`).toEqual([]);
  });
});

describe("POST /auth/2fa/recovery-codes", () => {
  test("200: new codes, and the old ones are worthless", async () => {
    const person = await guarded();
    const renew = (body: object) => auth.post("/auth/2fa/recovery-codes", body, { token: person.token });
    expect((await renew({ password: "wrong password" })).status).toBe(401);
    const answer = await renew({ password: person.password });
    const { recoveryCodes } = enrolment.pick({ recoveryCodes: true }).parse(answer.body);
    expect((await enter(person, person.recoveryCodes[0])).status).toBe(401);
    expect((await enter(person, recoveryCodes[0])).status).toBe(200);
  });
});
