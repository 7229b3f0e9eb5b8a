import { mintServiceToken } from "@trivet/platform";
import { describe, expect, test } from "vitest";
import { type Door, door, newAuth, problemOf, serviceSecret, Upstream } from "./fixture/door.ts";

const from = (address: string, more: Record<string, string> = {}): RequestInit => ({
  headers: { "cf-connecting-ip": address, ...more },
});

/** How many of `count` requests are let through. */
async function letThrough(
  front: Door,
  count: number,
  path: string,
  init: (index: number) => RequestInit,
): Promise<number> {
  let accepted = 0;
  for (let index = 0; index < count; index += 1) {
    const response = await front.send(path, init(index));
    if (response.status === 200) accepted += 1;
  }
  return accepted;
}

describe("limits", () => {
  const front = (limits: object = {}): Door =>
    door({
      USERS: new Upstream(),
      AUTH: new Upstream(),
      RATE_LIMIT_ADDRESS: "5",
      RATE_LIMIT_CREDENTIALS: "3",
      ...limits,
    });

  test("every answer tells how much is left, and the one too many when to come back", async () => {
    const users = front();
    for (let left = 4; left >= 0; left -= 1) {
      const { headers, status } = await users.send("/users/1", from("203.0.113.1"));
      expect(status).toBe(200);
      expect(headers.get("ratelimit-limit")).toBe("5");
      expect(headers.get("ratelimit-remaining")).toBe(String(left));
      expect(Number(headers.get("ratelimit-reset"))).toBeGreaterThan(0);
    }
    const refused = await users.send("/users/1", from("203.0.113.1"));
    expect(refused.status).toBe(429);
    expect(refused.headers.get("ratelimit-remaining")).toBe("0");
    const seconds = Number(refused.headers.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect((await problemOf(refused)).code).toBe("rate_limited");
  });

  test("addresses count apart", async () => {
    const users = front();
    expect(await letThrough(users, 10, "/users/1", () => from("203.0.113.1"))).toBe(5);
    expect(await letThrough(users, 10, "/users/1", () => from("203.0.113.2"))).toBe(5);
  });

  test.each(["x-forwarded-for", "x-real-ip", "forwarded", "true-client-ip", "x-client-ip"])(
    "a spoofed %s gains nothing",
    async (name) => {
      const spoof = (index: number) => from("203.0.113.1", { [name]: `198.51.100.${index}` });
      expect(await letThrough(front(), 20, "/users/1", spoof)).toBe(5);
    },
  );

  test.each([
    "/auth/login",
    "/users/login",
    "/api/v1/user/login",
    "/auth/register",
    "/auth/refresh",
    "/auth/password/forgot",
    "/auth/%6cogin",
    "/auth/2fa/verify",
    "/auth/2fa/recovery-codes",
    "/auth/verify-email/resend",
    "/auth/magic-link",
    "/auth/magic-link/login",
    "/auth/oauth/google/link",
    "/auth/api-keys",
    "/auth/confirm",
    "/auth/passkeys/login/options",
    "/auth/passkeys/login",
    "/auth/passkeys/register/options",
  ])("what takes a password or a code is held tighter, whatever its spelling: %s", async (path) => {
    expect(await letThrough(front(), 10, path, () => ({ method: "POST", ...from("203.0.113.1") }))).toBe(3);
  });

  test("credentials count by address, whoever claims to be whom", async () => {
    const { upstream, token } = await newAuth();
    const auth = door({ AUTH: upstream, RATE_LIMIT_CREDENTIALS: "3" });
    const tokens = await Promise.all(Array.from({ length: 10 }, () => token()));
    const tries = (index: number) => ({
      method: "POST",
      ...from("203.0.113.1", { authorization: `Bearer ${tokens[index]}` }),
    });
    expect(await letThrough(auth, 10, "/auth/login", tries)).toBe(3);
  });

  test("reading is not held as tight as trying", async () => {
    expect(await letThrough(front(), 10, "/auth/login", () => from("203.0.113.1"))).toBe(5);
  });

  test("a user counts for themselves, from whatever address, and does not use up the address", async () => {
    const { upstream, token } = await newAuth();
    const both = door({ USERS: new Upstream(), AUTH: upstream, RATE_LIMIT_USER: "7", RATE_LIMIT_ADDRESS: "5" });
    const [ada, bob] = [await token(), await token({ sub: crypto.randomUUID() })];
    const as = (user: string) => (index: number) => from(`203.0.113.${index}`, { authorization: `Bearer ${user}` });
    expect(await letThrough(both, 20, "/users/1", as(ada))).toBe(7);
    expect(await letThrough(both, 20, "/users/1", as(bob))).toBe(7);
    expect(await letThrough(both, 20, "/users/1", () => from("203.0.113.1"))).toBe(5);
  });

  test("a forged token makes nobody a user", async () => {
    const { upstream, token } = await newAuth();
    const both = door({ USERS: new Upstream(), AUTH: upstream, RATE_LIMIT_ADDRESS: "5" });
    const good = await token();
    const forged = (index: number) =>
      from("203.0.113.1", { authorization: `Bearer ${good.slice(0, -8)}${String(index).padStart(8, "A")}` });
    expect(await letThrough(both, 20, "/users/1", forged)).toBe(5);
  });

  test("the router's own pages and health are not limited", async () => {
    expect(await letThrough(front(), 10, "/health", () => from("203.0.113.1"))).toBe(10);
  });
});

describe("who may do how much", () => {
  const limits = { RATE_LIMIT_ADDRESS: "6", RATE_LIMIT_USER: "4", RATE_LIMIT_CREDENTIALS: "3" };
  const open = async () => {
    const { upstream, token } = await newAuth();
    return { front: door({ USERS: new Upstream(), AUTH: upstream, ...limits }), token };
  };
  const bearer = (token: string): RequestInit => from("203.0.113.1", { authorization: `Bearer ${token}` });

  test.each([
    { tier: "anonymous", reads: 6, writes: 3 },
    { tier: "user", reads: 4, writes: 2 },
    { tier: "moderator", reads: 8, writes: 4 },
    { tier: "admin", reads: 20, writes: 10 },
  ])("$tier: $reads reads and $writes writes a minute, counted apart", async ({ tier, reads, writes }) => {
    const { front, token } = await open();
    const init = tier === "anonymous" ? from("203.0.113.1") : bearer(await token({ role: tier }));
    expect(await letThrough(front, 30, "/users/1", () => init)).toBe(reads);
    expect(await letThrough(front, 30, "/users/1", () => ({ ...init, method: "PUT" }))).toBe(writes);
  });

  test("a service that shows its token: ten times a user's", async () => {
    const { front } = await open();
    const serviceToken = await mintServiceToken("users", "router", serviceSecret);
    const init = from("203.0.113.1", { "x-service-token": serviceToken });
    expect(await letThrough(front, 60, "/users/1", () => init)).toBe(40);
  });

  test.each(["", "forged", "a.b.c"])("a service token that is none (%j) makes nobody a service", async (given) => {
    const { front } = await open();
    const init = from("203.0.113.1", { "x-service-token": given });
    expect(await letThrough(front, 60, "/users/1", () => init)).toBe(6);
  });

  test("a service token for somebody else makes nobody a service", async () => {
    const { front } = await open();
    const other = await mintServiceToken("users", "auth", serviceSecret);
    expect(await letThrough(front, 60, "/users/1", () => from("203.0.113.1", { "x-service-token": other }))).toBe(6);
  });

  test("the policy is told in the form of the draft, and that each process counts for itself", async () => {
    const { front, token } = await open();
    const policy = async (init: RequestInit, path = "/users/1") =>
      (await front.send(path, init)).headers.get("ratelimit-policy");
    expect(await policy(from("203.0.113.1"))).toBe('"anonymous-reads";q=6;w=60;trivet-local');
    expect(await policy({ ...bearer(await token()), method: "POST" })).toBe('"user-writes";q=2;w=60;trivet-local');
    expect(await policy({ ...from("203.0.113.1"), method: "POST" }, "/auth/login")).toBe(
      '"credentials";q=3;w=300;trivet-local',
    );
  });
});

describe("a limit that processes share", () => {
  test("a Redis that is gone costs no request its answer", async () => {
    const gone = { shared: true, execute: () => Promise.reject(new Error("gone")) };
    const front = door({ USERS: new Upstream(), RATE_LIMIT_ADDRESS: "5", REDIS: gone });
    expect(await letThrough(front, 20, "/users/1", () => from("203.0.113.9"))).toBe(5);
    const { status, headers } = await front.send("/users/1", from("203.0.113.9"));
    expect(status).toBe(429);
    expect(headers.get("ratelimit-policy")).toBe('"anonymous-reads";q=5;w=60;trivet-local');
  });
});
