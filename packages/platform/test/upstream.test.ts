import { describe, expect, test } from "vitest";
import { backoff, Upstream, Upstreams } from "../src/upstream.ts";

const slots = 512;

describe("the retry budget", () => {
  test("is spent by five failures, and then nobody tries again", () => {
    const upstream = new Upstream("users");
    for (let count = 0; count < 4; count += 1) upstream.failed();
    expect(upstream.retries.allows).toBe(true);
    upstream.failed();
    expect(upstream.retries.allows).toBe(false);
  });

  test("allows one retry for ten requests where one in ten fails, in the long run", () => {
    const upstream = new Upstream("users");
    let retries = 0;
    for (let request = 0; request < 10_000; request += 1) {
      if (request % 5 === 0) upstream.failed();
      else upstream.succeeded();
      if (request % 5 === 0 && upstream.retries.allows) retries += 1;
    }
    // Failures of a fifth cost more than successes give back, so nearly none of 2,000 is tried again.
    expect(retries).toBeLessThan(20);
    for (let request = 0; request < 100; request += 1) upstream.succeeded();
    expect(upstream.retries.allows).toBe(true);
  });
});

describe("the bulkhead", () => {
  test("runs as many as there are slots and refuses the next at once, until one is done", async () => {
    const upstream = new Upstream("users");
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = Array.from({ length: slots }, () => upstream.within(() => promise));
    expect(upstream.waiting).toBe(slots);
    expect(upstream.within(() => promise)).toBeUndefined();
    resolve("done");
    await Promise.all(waiting);
    expect(upstream.waiting).toBe(0);
    expect(await upstream.within(() => Promise.resolve("next"))).toBe("next");
  });

  test("a slot is given back by a failure, too", async () => {
    const upstream = new Upstream("users");
    await expect(upstream.within(() => Promise.reject(new Error("down")))).rejects.toThrow("down");
    expect(upstream.waiting).toBe(0);
  });
});

describe("the upstreams of a service", () => {
  test("are remembered by name, each for itself", () => {
    const upstreams = new Upstreams();
    upstreams.of("users").failed();
    expect(upstreams.of("users")).toBe(upstreams.of("users"));
    expect(upstreams.of("auth")).not.toBe(upstreams.of("users"));
    expect([...upstreams].map(({ name }) => name)).toEqual(["users", "auth"]);
  });
});

describe("the pause before a retry", () => {
  test("grows exponentially, and its jitter is full", () => {
    for (const [attempt, most] of [
      [1, 100],
      [2, 200],
      [3, 400],
    ] as const) {
      const pauses = Array.from({ length: 1_000 }, () => backoff(attempt));
      expect(Math.max(...pauses)).toBeLessThanOrEqual(most);
      expect(Math.max(...pauses)).toBeGreaterThan(most * 0.9);
      expect(Math.min(...pauses)).toBeLessThan(most * 0.1);
    }
  });
});
