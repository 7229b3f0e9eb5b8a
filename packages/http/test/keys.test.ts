import { randomUUID } from "node:crypto";
import { stopTheClock } from "@trivet/testing/clock";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Issuer, KeyServer, newIssuer } from "./fixture/issuer.ts";
import { bearer, problemOf, type Running, run } from "./fixture/running.ts";

let old: Issuer;
let fresh: Issuer;
let keys: KeyServer;
let service: Running;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  [old, fresh] = await Promise.all([newIssuer("old"), newIssuer("fresh")]);
  keys = new KeyServer(old);
  service = run({ AUTH: keys });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const status = async (token: string): Promise<number> => (await service.send("/toy/me", bearer(token))).status;

describe("the issuer's keys", () => {
  test("are fetched once and kept", async () => {
    expect(await status(await old.token())).toBe(200);
    expect(await status(await old.token())).toBe(200);
    expect(keys.fetched).toBe(1);
  });

  test("a new one is found by one refetch, for everybody who comes with it at once", async () => {
    expect(await status(await old.token())).toBe(200);
    vi.advanceTimersByTime(2_000);
    keys.keys = [old.publicJwk, fresh.publicJwk];
    keys.delay = 30;
    const tokens = await Promise.all(Array.from({ length: 50 }, () => fresh.token({ sub: randomUUID() })));
    expect(new Set(await Promise.all(tokens.map(status)))).toEqual(new Set([200]));
    expect(keys.fetched).toBe(2);
  });

  test("an unknown one costs at most one fetch a second", async () => {
    expect(await status(await old.token())).toBe(200);
    vi.advanceTimersByTime(2_000);
    for (let count = 0; count < 20; count += 1)
      expect(await status(await old.token({}, { kid: randomUUID() }))).toBe(401);
    expect(keys.fetched).toBe(2);
  });

  test("one that is withdrawn takes its tokens along, those already verified too", async () => {
    const token = await old.token();
    expect(await status(token)).toBe(200);
    keys.keys = [fresh.publicJwk];
    vi.advanceTimersByTime(61_000);
    expect(await status(token)).toBe(200);
    await service.settled();
    expect(await status(token)).toBe(401);
    expect(await status(await fresh.token())).toBe(200);
  });

  test("are looked at again after a minute in the background, so that nobody waits", async () => {
    expect(await status(await old.token())).toBe(200);
    stopTheClock(Date.now() + 61_000);
    const { promise, resolve: answer } = Promise.withResolvers<void>();
    keys.until = promise;
    // Whoever waited for the document, or for a time, would never come back.
    expect(await status(await old.token())).toBe(200);
    expect(keys.fetched).toBe(2);
    expect(await status(await old.token())).toBe(200);
    answer();
    await service.settled();
    expect(keys.fetched).toBe(2);
  });

  test("of other kinds are passed over", async () => {
    keys.keys = [
      { kty: "oct", kid: "old", k: "AAAA", alg: "HS256" },
      { kty: "RSA", kid: "rsa", n: "AAAA", e: "AQAB" },
      {},
      fresh.publicJwk,
    ];
    expect(await status(await fresh.token())).toBe(200);
    expect(await status(await old.token())).toBe(401);
  });
});

describe("when the keys cannot be fetched", () => {
  test("nobody is believed, and the answer is 503, not 401", async () => {
    keys.down = true;
    for (let count = 0; count < 3; count += 1) {
      const response = await service.send("/toy/me", bearer(await old.token()));
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("1");
      expect((await problemOf(response)).code).toBe("unavailable");
    }
  });

  test("service is back with the first answer", async () => {
    keys.down = true;
    expect(await status(await old.token())).toBe(503);
    keys.down = false;
    expect(await status(await old.token())).toBe(200);
  });

  test("the last good copy is used as long as it takes", async () => {
    expect(await status(await old.token())).toBe(200);
    keys.down = true;
    vi.advanceTimersByTime(10 * 60_000);
    for (let count = 0; count < 3; count += 1) {
      expect(await status(await old.token())).toBe(200);
      await service.settled();
    }
  });

  test("a key that is not in the copy is no proof of a forgery: 503", async () => {
    expect(await status(await old.token())).toBe(200);
    keys.down = true;
    vi.advanceTimersByTime(2_000);
    expect(await status(await fresh.token())).toBe(503);
    expect(await status(await fresh.token())).toBe(503);
  });

  test.each([
    ["no document", {}],
    ["keys that are no list", { keys: "all" }],
  ])("a broken document leaves the last good copy in place: %s", async (_, document) => {
    const answers = { good: true };
    const AUTH = {
      fetch: async () => Response.json(answers.good ? { keys: [old.publicJwk] } : document),
    };
    service = run({ AUTH });
    expect(await status(await old.token())).toBe(200);
    answers.good = false;
    vi.advanceTimersByTime(61_000);
    expect(await status(await old.token())).toBe(200);
    await service.settled();
    expect(await status(await old.token())).toBe(200);
  });
});

describe("a token that has been verified", () => {
  test("costs no further signature check", async () => {
    const verify = vi.spyOn(crypto.subtle, "verify");
    const token = await old.token();
    for (let count = 0; count < 5; count += 1) expect(await status(token)).toBe(200);
    expect(verify).toHaveBeenCalledTimes(1);
    expect(await status(await old.token())).toBe(200);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  test("is refused once it has expired", async () => {
    const token = await old.token();
    expect(await status(token)).toBe(200);
    vi.advanceTimersByTime(599_000);
    expect(await status(token)).toBe(200);
    vi.advanceTimersByTime(10_000);
    const response = await service.send("/toy/me", bearer(token));
    expect(response.status).toBe(401);
    expect((await problemOf(response)).detail).toContain("expired");
  });

  test("is looked for whole: one that differs in its signature is not found", async () => {
    const token = await old.token();
    expect(await status(token)).toBe(200);
    expect(await status(`${token.slice(0, -4)}AAAA`)).toBe(401);
  });

  test("ten thousand others do not make the memory grow, and do no harm", async () => {
    const { VerifiedTokens } = await import("../src/access/verified-tokens.ts");
    const tokens = new VerifiedTokens<string>();
    for (let count = 0; count < 10_001; count += 1) {
      tokens.add(`token ${count}`, { subject: String(count), expiresAt: Date.now() + 1_000, keyId: "k" });
    }
    expect(tokens.find("token 0", () => true)).toBeUndefined();
    expect(tokens.find("token 1", () => true)).toBe("1");
    expect(tokens.find("token 10000", () => true)).toBe("10000");
  });
});
