import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { envFaults } from "@trivet/http";
import { hashPassword } from "@trivet/platform";
import { hash as bcrypt } from "bcryptjs";
import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { env } from "../src/env.ts";
import { login, newCredentials, type Person, register } from "./system/people.ts";
import { productionCost } from "./system/settings.ts";
import { type Answer, type AuthSystem, startAuth } from "./system/start-auth.ts";
import { startWiretap } from "./system/start-wiretap.ts";

let auth: AuthSystem;
/** Of the same accounts, with passwords hashed as in production. */
let costly: AuthSystem;
beforeAll(async () => {
  auth = await startAuth();
  costly = auth.anotherProcess(productionCost);
});
afterAll(() => auth.stop());

const hashOf = async (person: Person): Promise<string> => {
  const [row] = await auth.sql`SELECT password FROM auth.identities WHERE user_id = ${person.id}`;
  return String(row?.password);
};
const setHash = (person: Person, hash: string) =>
  auth.sql`UPDATE auth.identities SET password = ${hash} WHERE user_id = ${person.id}`;

describe("POST /auth/login", () => {
  test.for([
    ["email", (person: Person) => ({ email: person.email })],
    ["email in other case", (person: Person) => ({ email: ` ${person.email.toUpperCase()} ` })],
    ["username", (person: Person) => ({ username: person.username })],
    ["username in other case", (person: Person) => ({ username: person.username.toUpperCase() })],
  ] as const)("200 by %s", async ([, identify]) => {
    const person = await register(auth);
    const answer = await auth.post("/auth/login", { ...identify(person), password: person.password });
    expect(answer).toMatchObject({ status: 200, body: { user: { id: person.id }, expires_in: 600 } });
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("401 in the same words for a wrong password, an unknown address and what can be neither", async () => {
    const { email, password } = await register(auth);
    const answers = [
      await auth.post("/auth/login", { email, password: `${password}.` }),
      await auth.post("/auth/login", { email: "nobody@example.com", password }),
      await auth.post("/auth/login", { email: "not an address", password }),
      await auth.post("/auth/login", { username: "nobody", password }),
      await auth.post("/auth/login", { username: "' OR 1=1 --", password }),
    ];
    for (const { status, body } of answers) {
      const { instance, request_id: _, ...words } = Object(body);
      expect({ status, instance }).toEqual({ status: 401, instance: "/auth/login" });
      expect(words).toEqual(
        expect.objectContaining({ code: "invalid_credentials", detail: "The account or the password is wrong." }),
      );
    }
  });

  test.for([
    ["both email and username", { email: "a@example.com", username: "ada", password: "x" }],
    ["neither", { password: "x" }],
    ["no password", { email: "a@example.com" }],
    ["an unknown field", { email: "a@example.com", password: "x", admin: true }],
    ["a number for a password", { email: "a@example.com", password: 12345678 }],
  ] as const)("400 for %s", async ([, body]) => {
    expect(await auth.post("/auth/login", body)).toMatchObject({ status: 400, body: { code: "validation_failed" } });
  });
});

describe("a failed login tells nothing of the account", () => {
  const wrong = "wrong password";
  const refused = async (system: AuthSystem, identifier: object) => {
    const { status, body } = await system.post("/auth/login", { ...identifier, password: wrong });
    expect({ status, code: Object(body).code }).toEqual({ status: 401, code: "invalid_credentials" });
  };

  test("by the work it does: the same statements in the same order, and the same one hash", async () => {
    const { id, email, username } = await register(costly);
    const kinds: [kind: string, identifier: object, change?: postgres.PendingQuery<postgres.Row[]>][] = [
      ["a known address", { email }],
      ["a known username", { username }],
      ["an unknown address", { email: "nobody@example.com" }],
      ["an unknown username", { username: "nobody" }],
      ["what can be neither", { username: "' OR 1=1 --" }],
      [
        "one with a second factor",
        { email },
        auth.sql`UPDATE auth.users SET two_factor_enabled = true WHERE id = ${id}`,
      ],
      ["a banned one", { email }, auth.sql`UPDATE auth.users SET banned = true WHERE id = ${id}`],
      ["one without a password", { email }, auth.sql`DELETE FROM auth.identities WHERE user_id = ${id}`],
    ];
    const scrypt = vi.spyOn(crypto, "scrypt");
    syncBuiltinESMExports();
    const wiretap = await startWiretap(auth.binding.connectionString);
    const tapped = costly.anotherProcess({ DB: { ...auth.binding, connectionString: wiretap.connectionString } });
    try {
      const worked: Record<string, { statements: string[]; hashes: unknown[] }> = {};
      for (const [kind, identifier, change] of kinds) {
        await change;
        await auth.sql`DELETE FROM auth.account_brakes`;
        wiretap.take();
        scrypt.mockClear();
        await refused(tapped, identifier);
        await tapped.settled();
        // An invocation may look for the signing keys and into the outbox now and then, whoever it is for.
        const statements = wiretap
          .take()
          .filter((text) => text.includes('"auth".') && !/"(?:outbox|signing_keys)"/.test(text));
        const hashes = scrypt.mock.calls.map(([, , length, cost]) => ({ length, ...Object(cost) }));
        worked[kind] = { statements: statements.map(withoutColumn), hashes };
      }
      const [first] = Object.values(worked);
      expect(first?.statements.length).toBeGreaterThan(2);
      expect(first?.hashes).toMatchObject([{ length: 32, N: 2 ** 15, r: 8, p: 3 }]);
      expect(worked).toEqual(Object.fromEntries(kinds.map(([kind]) => [kind, first])));
    } finally {
      scrypt.mockRestore();
      syncBuiltinESMExports();
      wiretap.stop();
    }
  });

  /** An account is looked up by its address or by its username, as it was called; the rest is the same. */
  const withoutColumn = (text: string): string =>
    text.replace(/where (?:lower\(.*\)|"auth"\."users"\."email") =/, "where … =");

  test("by the time it takes, to 5 %", async () => {
    const { email } = await register(costly);
    // In processor time, to which nothing is added by what else the machine does.
    const cost = async (identifier: string) => {
      const before = process.cpuUsage();
      await refused(costly, { email: identifier });
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    const ratios: number[] = [];
    // Between these lies the true median, in nineteen cases of twenty: ranks of a binomial distribution.
    const bounds = (): number[] => {
      const sorted = ratios.toSorted((a, b) => a - b);
      const rank = Math.floor((sorted.length - 1.96 * Math.sqrt(sorted.length)) / 2);
      return [sorted[rank] ?? 0, sorted[sorted.length - 1 - rank] ?? 0];
    };
    const isSure = () => bounds().every((bound) => Math.abs(bound - 1) <= 0.05);
    // In pairs, in turns which comes first, until that is known well enough: the noisier the machine, the more.
    for (let round = 0; round < 90 && (round < 9 || !isSure()); round += 1) {
      await auth.sql`DELETE FROM auth.account_brakes`;
      const nobody = `nobody${round}@example.com`;
      const first = await cost(round % 2 === 0 ? email : nobody);
      const second = await cost(round % 2 === 0 ? nobody : email);
      ratios.push(round % 2 === 0 ? first / second : second / first);
    }
    for (const bound of bounds()) expect(Math.abs(bound - 1)).toBeLessThanOrEqual(0.05);
  }, 300_000);
});

describe("older hashes", () => {
  test.for(["2a", "2b", "2y"])(
    "a bcrypt hash ($%s$) of an older system is good once, and then scrypt",
    async (kind) => {
      const person = await register(costly);
      await setHash(person, (await bcrypt("imported password", 6)).replace(/^\$2[aby]\$/, `$${kind}$`));
      const { email } = person;
      expect((await costly.post("/auth/login", { email, password: "wrong password" })).status).toBe(401);
      expect((await costly.post("/auth/login", { email, password: "imported password" })).status).toBe(200);
      expect(await hashOf(person)).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
      expect((await costly.post("/auth/login", { email, password: "imported password" })).status).toBe(200);
    },
  );

  test("scrypt with weaker parameters is made anew at login, and not at a failed one", async () => {
    const person = await register(costly);
    const weak = await hashPassword(person.password, { ln: 10, r: 8, p: 1 });
    await setHash(person, weak);
    await costly.post("/auth/login", { email: person.email, password: "wrong password" });
    expect(await hashOf(person)).toBe(weak);
    await login(costly, person);
    expect(await hashOf(person)).toMatch(/^\$scrypt\$ln=15,/);
    await login(costly, person);
  });

  test("PASSWORD_COST is what a hash costs from the next login on; production refuses less than 15", async () => {
    const person = await register(auth);
    expect(await hashOf(person)).toMatch(/^\$scrypt\$ln=8,r=8,p=3\$/);
    await login(costly, person);
    expect(await hashOf(person)).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$/);
    const bound = auth.env;
    const production = { ...bound, PUBLIC_URL: "https://trivet.test", TRIVET_ENV: "production" };
    expect(envFaults(env, { ...bound, PASSWORD_COST: "14" })).toEqual([]);
    expect(envFaults(env, { ...production, PASSWORD_COST: "15" })).toEqual([]);
    expect(envFaults(env, { ...production, PASSWORD_COST: "14" })).toEqual([
      "PASSWORD_COST must be at least 15 in production: less is soon guessed",
    ]);
  });

  test.for([
    "",
    "plain",
    "$2b$31$abcdefghijklmnopqrstuuSsTe6GkCXwcDHXdmdK.5LRm2lvYh5K",
    "$argon2id$v=19$m=1,t=1,p=1$YQ$YQ",
  ])("a stored hash of no known kind (%s) lets nobody in", async (hash) => {
    const person = await register(auth);
    await setHash(person, hash);
    const { email } = person;
    for (const password of [person.password, hash || "x"]) {
      expect((await auth.post("/auth/login", { email, password })).status).toBe(401);
    }
  });
});

describe("the brake on an account", () => {
  /**
   * A try that fails. The pause after it begins with its answer, so that a slow machine does not sit it out. Of one
   * account, the last that was tried: two who change several at once may wait for each other.
   */
  const guess = (email: string) => guessAt({ email });
  const guessAt = async (identifier: object) => {
    const answer = await auth.post("/auth/login", { ...identifier, password: "wrong password" });
    await auth.sql`
      UPDATE auth.account_brakes SET blocked_until = now() + (blocked_until - updated_at), updated_at = now()
      WHERE ${answer.status === 401} AND key = (
        SELECT key FROM auth.account_brakes WHERE blocked_until IS NOT NULL ORDER BY updated_at DESC LIMIT 1)`;
    return answer;
  };

  test.for(["a known", "an unknown"])("after five failures %s account has to wait, longer each time", async (kind) => {
    const { email } = kind === "a known" ? await register(auth) : newCredentials("nobody");
    for (let count = 0; count < 5; count += 1) expect((await guess(email)).status).toBe(401);
    const refused = await guess(email);
    expect(refused).toMatchObject({ status: 429, body: { code: "rate_limited" } });
    const first = Number(refused.headers.get("retry-after"));
    expect(first).toBeGreaterThanOrEqual(1);
    await auth.sql`UPDATE auth.account_brakes SET blocked_until = now() WHERE blocked_until > now()`;
    expect((await guess(email)).status).toBe(401);
    expect(Number((await guess(email)).headers.get("retry-after"))).toBeGreaterThan(first);
  });

  test("pauses end at five minutes, and a refused try does not lengthen one", async () => {
    const { email } = await register(auth);
    await guess(email);
    await auth.sql`UPDATE auth.account_brakes SET failures = 1000, blocked_until = NULL`;
    await guess(email);
    const waits: number[] = [];
    for (let count = 0; count < 3; count += 1) waits.push(Number((await guess(email)).headers.get("retry-after")));
    expect(Math.max(...waits)).toBeLessThanOrEqual(300);
    expect(waits).toEqual(waits.toSorted((a, b) => b - a));
  });

  test("thirty guesses at the same moment are thirty guesses", async () => {
    const { email } = await register(auth);
    const answers = await Promise.all(Array.from({ length: 30 }, () => guess(email)));
    expect(answers.filter(({ status }) => status === 401).length).toBe(5);
  });

  test("even the right password has to wait, and a success forgets the failures", async () => {
    const person = await register(auth);
    for (let count = 0; count < 5; count += 1) await guess(person.email);
    const { email, password } = person;
    expect((await auth.post("/auth/login", { email, password })).status).toBe(429);
    await auth.sql`UPDATE auth.account_brakes SET blocked_until = now() WHERE blocked_until > now()`;
    await login(auth, person);
    for (let count = 0; count < 4; count += 1) expect((await guess(email)).status).toBe(401);
    await login(auth, person);
  });

  test("strangers do not keep the owner out where the owner has logged in before", async () => {
    const { email, password } = await register(auth);
    const from = "192.0.2.77";
    expect((await auth.post("/auth/login", { email, password }, { from })).status).toBe(200);
    for (let count = 0; count < 6; count += 1) await guess(email);
    expect((await guess(email)).status).toBe(429);
    expect((await auth.post("/auth/login", { email, password }, { from })).status).toBe(200);
  });

  test("a pause of the address does not tell which username is the same account, nor the other way", async () => {
    const [ada, bob] = [await register(auth), await register(auth)];
    for (let count = 0; count < 5; count += 1) await guess(ada.email);
    for (let count = 0; count < 5; count += 1) await guessAt({ username: bob.username });
    const status = async (identifier: object) => (await guessAt(identifier)).status;
    expect([await status({ email: ada.email }), await status({ username: bob.username })]).toEqual([429, 429]);
    expect([await status({ username: ada.username }), await status({ email: bob.email })]).toEqual([401, 401]);
  });
});

describe("the brake on an address", () => {
  test("30 tries in five minutes, at whatever accounts, and not one more", async () => {
    const from = "198.51.100.1";
    const tryOne = (count: number) =>
      auth.post("/auth/login", { email: `n${count}@example.com`, password: "wrong password" }, { from });
    const answers = await Promise.all(Array.from({ length: 33 }, (_, count) => tryOne(count)));
    expect(answers.filter(({ status }) => status === 429).length).toBe(3);
    const refused = await tryOne(99);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(200);
    expect((await auth.post("/auth/login", { email: "n0@example.com", password: "x" })).status).toBe(401);
  });

  test("the window slides: tries count until they are five minutes old", async () => {
    const from = "198.51.100.2";
    const body = { email: "sliding@example.com", password: "wrong password" };
    await auth.post("/auth/login", body, { from });
    await auth.sql`
      UPDATE auth.address_brakes SET tries = array_fill(now() - interval '290 seconds', ARRAY[29]) || tries
      WHERE cardinality(tries) = 1 AND updated_at = (SELECT max(updated_at) FROM auth.address_brakes)`;
    expect((await auth.post("/auth/login", body, { from })).status).toBe(429);
    await auth.sql`UPDATE auth.address_brakes SET tries = array_fill(now() - interval '301 seconds', ARRAY[29])`;
    expect((await auth.post("/auth/login", body, { from })).status).toBe(401);
  });

  test("an address that does not come from the router counts as none, and those share one count", async () => {
    const answers: Answer[] = [];
    for (let count = 0; count < 31; count += 1) {
      const headers = { "x-client-ip": `203.0.113.${count}` };
      const body = { email: `m${count}@example.com`, password: "wrong password" };
      answers.push(await auth.post("/auth/login", body, { from: null, headers }));
    }
    expect(answers.at(-2)?.status).toBe(401);
    expect(answers.at(-1)?.status).toBe(429);
  });
});

describe("a banned account", () => {
  const ban = (person: Person, until: string | null) =>
    auth.sql`UPDATE auth.users SET banned = true, ban_reason = 'spam', banned_until = ${until} WHERE id = ${person.id}`;

  test("hears why, but only with the right password", async () => {
    const person = await register(auth);
    await ban(person, null);
    const { email, password } = person;
    const right = await auth.post("/auth/login", { email, password });
    expect(right).toMatchObject({ status: 403, body: { code: "forbidden", detail: expect.stringContaining("spam") } });
    const wrong = await auth.post("/auth/login", { email, password: "wrong password" });
    expect(wrong).toMatchObject({ status: 401, body: { code: "invalid_credentials" } });
    expect(wrong.text).not.toContain("spam");
  });

  test("is in again when the ban has run out", async () => {
    const person = await register(auth);
    await ban(person, new Date(Date.now() - 1_000).toISOString());
    await login(auth, person);
  });
});
