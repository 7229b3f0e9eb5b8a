import { type Allowance, RateLimiter, SharedCount, type Sharing } from "@trivet/platform/limits";
import type { RedisBinding } from "@trivet/platform/redis";
import { timed } from "@trivet/testing/timed";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { memoryBinding } from "../../src/redis/memory/binding.ts";
import { respBinding } from "../../src/redis/resp.ts";

/** How far this file's clock has been put forward, in milliseconds: no test waits for a window to end. */
const clock = { ahead: 0 };
const realNow = Date.now;
beforeEach(() => {
  clock.ahead = 0;
  vi.spyOn(Date, "now").mockImplementation(() => realNow() + clock.ahead);
});
afterEach(() => vi.restoreAllMocks());

/** One of several processes: a limiter, and what it has left to do in the background. */
interface Member {
  take(key?: string): Promise<Allowance>;
  settled(): Promise<void>;
  limiter: RateLimiter;
  sharing: Sharing;
}

function member(redis: RedisBinding, limit: number, length = 60_000): Member {
  const work: Promise<unknown>[] = [];
  const sharing: Sharing = {
    count: new SharedCount(redis, "trivet:limit:test", true),
    waitUntil: (promise) => void work.push(promise),
  };
  const limiter = new RateLimiter({ name: "test", limit, length });
  return {
    limiter,
    sharing,
    take: async (key = "somebody") => await limiter.take(key, sharing),
    async settled() {
      while (work.length > 0) await Promise.all(work.splice(0));
    },
  };
}

/** A Redis that all members reach, each over a way of some turns of the event loop. */
function commonRedis(): RedisBinding {
  const { execute } = memoryBinding();
  return {
    shared: true,
    async execute(...args) {
      await turns();
      const replies = await execute(...args);
      await turns();
      return replies;
    },
  };
}

async function turns(): Promise<void> {
  for (let left = 1 + Math.random() * 4; left > 0; left -= 1) await new Promise((resolve) => setImmediate(resolve));
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

const count = (allowances: readonly Allowance[]): number => allowances.filter(({ allowed }) => allowed).length;

const alone = (limit: number, length: number) => {
  const limiter = new RateLimiter({ name: "test", limit, length });
  return (key: string, now: number): Allowance => {
    const taken = limiter.take(key, undefined, now);
    if (taken instanceof Promise) throw new Error("Alone, nobody waits.");
    return taken;
  };
};

describe("a limiter without a shared count", () => {
  test("begins anew with the next window", () => {
    const take = alone(2, 1_000);
    expect([0, 1, 2, 999, 1_000].map((now) => take("a", 5_000 + now).allowed)).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  test("what is refused does not lengthen the wait", () => {
    const take = alone(1, 10_000);
    take("a", 0);
    expect([1, 5_000, 9_999].map((now) => take("a", now).reset)).toEqual([10, 5, 1]);
  });

  test("tells what is left, and that it counts for itself", () => {
    const take = alone(2, 10_000);
    expect(take("a", 0)).toMatchObject({ allowed: true, limit: 2, remaining: 1, window: 10, local: true });
    expect([take("a", 0), take("a", 0)].map(({ remaining }) => remaining)).toEqual([0, 0]);
  });

  test("a flood of keys neither grows without bound nor frees one that is live and recent", () => {
    const take = alone(1, 60_000);
    for (let key = 0; key < 100_000; key += 1) take(`flood ${key}`, 0);
    take("known", 1);
    for (let key = 0; key < 50_000; key += 1) take(`more ${key}`, 2);
    expect(take("known", 3).allowed).toBe(false);
    expect(take("flood 0", 3).allowed).toBe(true);
  });
});

describe("four limiters with a count in common", () => {
  test.each([
    { limit: 30, requests: 300, how: "a small limit, evenly", shares: [1, 1, 1, 1] },
    { limit: 600, requests: 6_000, how: "evenly", shares: [1, 1, 1, 1] },
    { limit: 600, requests: 6_000, how: "one has nearly all", shares: [97, 1, 1, 1] },
    { limit: 5_000, requests: 50_000, how: "a large limit, unevenly", shares: [8, 4, 2, 1] },
  ])("ten times the limit of $limit, $how: what is let through is within 1 %", async ({ limit, requests, shares }) => {
    const redis = commonRedis();
    const members = shares.map(() => member(redis, limit));
    const order = shares.flatMap((share, index) => new Array<number>(share).fill(index));
    const taken: Promise<Allowance>[] = [];
    for (let sent = 0; sent < requests; sent += 1) {
      const turn = members[order[sent % order.length] ?? 0];
      if (turn) taken.push(turn.take());
      // A request comes when the last ones have got somewhere, as from a client with some connections.
      if (sent % 40 === 0) await pause(0);
    }
    const accepted = count(await Promise.all(taken));
    expect(accepted).toBeGreaterThanOrEqual(limit * 0.99);
    expect(accepted).toBeLessThanOrEqual(limit * 1.01);
    await Promise.all(members.map((one) => one.settled()));
  });

  test("what one has taken ahead and does not use, another gets", async () => {
    const redis = commonRedis();
    const [busy, other] = [member(redis, 1_000), member(redis, 1_000)];
    let accepted = 0;
    for (let sent = 0; sent < 200; sent += 1) accepted += count([await busy.take()]);
    await busy.settled();
    for (let sent = 0; sent < 1_000; sent += 1) accepted += count([await other.take()]);
    expect(accepted).toBeGreaterThanOrEqual(998);
    expect(accepted).toBeLessThanOrEqual(1_010);
    await other.settled();
  });

  test("keys count apart, and a window that is over begins anew for all", async () => {
    const redis = commonRedis();
    const members = [member(redis, 10, 400), member(redis, 10, 400)];
    const round = async (key: string) =>
      count(await Promise.all(members.flatMap((one) => Array.from({ length: 20 }, () => one.take(key)))));
    expect([await round("ada"), await round("bob"), await round("ada")]).toEqual([10, 10, 0]);
    clock.ahead += 401;
    expect(await round("ada")).toBe(10);
  });

  test("a busy key asks seldom, and hardly anybody waits", async () => {
    let trips = 0;
    const { execute } = commonRedis();
    const redis: RedisBinding = {
      shared: true,
      execute(...args) {
        trips += 1;
        return execute(...args);
      },
    };
    const one = member(redis, 10_000);
    for (let sent = 0; sent < 2_000; sent += 1) {
      await one.take();
      if (sent % 20 === 0) await pause(1);
    }
    expect(trips).toBeLessThan(200);
    await one.settled();
  });
});

const { REDIS_URL } = process.env;

describe.each([
  { name: "in the process", open: () => ({ ...memoryBinding(), close: async () => {} }) },
  ...(REDIS_URL ? [{ name: "over RESP", open: () => respBinding(REDIS_URL) }] : []),
])("what stands where a count should be, $name", ({ open }) => {
  test.each([
    ["text", 10, ["SET", "banana"]],
    ["another type", 10, ["RPUSH", "banana"]],
    ["less than nothing", 10, ["SET", "-999999", "PX", "60000"]],
    ["a count that never ends", 6, ["SET", "4"]],
    ["a count that ends in days", 6, ["SET", "4", "PX", "999999999"]],
  ] as const)("%s is no outage, and %i of ten are let through in a minute", async (_, allowed, [command, ...value]) => {
    const redis = open();
    const somebody = crypto.randomUUID();
    const stored = `trivet:limit:test:test:${somebody}`;
    const deadline = Date.now() + 5_000;
    await redis.execute([[command, stored, ...value]], { deadline });
    const members = [member(redis, 10), member(redis, 10)];
    const taken: Allowance[] = [];
    for (let sent = 0; sent < 20; sent += 1) for (const one of members) taken.push(await one.take(somebody));
    for (const one of members) await one.settled();
    const [left] = await redis.execute([["PTTL", stored]], { deadline });
    await redis.execute([["DEL", stored]], { deadline });
    await redis.close();
    expect(taken.filter(({ local }) => local)).toEqual([]);
    expect(count(taken)).toBe(allowed);
    const { result } = Object(left);
    expect(result).toBeGreaterThan(0);
    expect(result).toBeLessThanOrEqual(60_000);
  });
});

describe("an outage of the count", () => {
  /** A Redis that can be made silent, or gone. */
  function frail() {
    const inner = commonRedis();
    const state: { mode: "well" | "silent" | "gone" } = { mode: "well" };
    const redis: RedisBinding = {
      shared: true,
      async execute(commands, options) {
        if (state.mode === "gone") throw new Error("connection refused");
        if (state.mode === "well") return await inner.execute(commands, options);
        await pause(options.deadline - Date.now());
        throw new Error("no answer");
      },
    };
    return { redis, state };
  }

  test.each(["silent", "gone"] as const)(
    "%s: nobody waits for the end, and after the first nobody waits at all",
    async (mode) => {
      const { redis, state } = frail();
      const one = member(redis, 100);
      state.mode = mode;
      const { outcome: first, milliseconds } = await timed(() =>
        Promise.all(Array.from({ length: 20 }, () => one.take())),
      );
      // Fifty of them are given to an answer.
      expect(milliseconds).toBeLessThan(50 + 100);
      expect(first.every(({ local }) => local)).toBe(true);
      expect(one.limiter.take("somebody", one.sharing)).not.toBeInstanceOf(Promise);
    },
  );

  test.each(["silent", "gone"] as const)("%s: each process holds its own requests to the limit", async (mode) => {
    const { redis, state } = frail();
    const members = [member(redis, 100), member(redis, 100)];
    state.mode = mode;
    for (const one of members) {
      const taken: Allowance[] = [];
      for (let sent = 0; sent < 500; sent += 1) taken.push(await one.take());
      expect(count(taken)).toBe(100);
    }
  });

  test("what was used up before an outage stays used up during it", async () => {
    const { redis, state } = frail();
    const [one, other] = [member(redis, 50), member(redis, 50)];
    for (let sent = 0; sent < 60; sent += 1) await one.take();
    await other.take();
    state.mode = "gone";
    // Past the time for which a refusal is remembered.
    clock.ahead += 260;
    const taken: Allowance[] = [];
    for (let sent = 0; sent < 60; sent += 1) taken.push(await other.take());
    expect(count(taken)).toBe(0);
  });

  test("when it is over, what was let through meanwhile is counted for all", async () => {
    const { redis, state } = frail();
    const [one, other] = [member(redis, 100), member(redis, 100)];
    state.mode = "gone";
    for (let sent = 0; sent < 60; sent += 1) await one.take();
    state.mode = "well";
    clock.ahead += 1_001;
    // The attempt in the background settles what is owed.
    await one.take();
    await one.settled();
    const taken: Allowance[] = [];
    for (let sent = 0; sent < 100; sent += 1) taken.push(await other.take());
    expect(count(taken)).toBe(39);
    expect(taken.at(-1)?.local).toBe(false);
    await other.settled();
  });
});
