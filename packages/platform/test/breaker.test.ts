import { beforeEach, describe, expect, test } from "vitest";
import { Breaker } from "../src/breaker.ts";

let now = 0;
let breaker: Breaker;

beforeEach(() => {
  now = 1_000_000;
  breaker = new Breaker({ threshold: 5, cooldown: 5_000, now: () => now });
});

const fail = (times: number): void => {
  for (let count = 0; count < times; count += 1) {
    expect(breaker.admits()).toBe(true);
    breaker.failed();
  }
};

describe("Breaker", () => {
  test("opens after five failures in a row and refuses at once", () => {
    fail(4);
    expect(breaker.state).toBe("closed");
    fail(1);
    expect(breaker.state).toBe("open");
    expect(breaker.admits()).toBe(false);
  });

  test("a success in between starts the count anew", () => {
    fail(4);
    expect(breaker.admits()).toBe(true);
    breaker.succeeded();
    fail(4);
    expect(breaker.state).toBe("closed");
  });

  test("lets exactly one probe through when half-open", () => {
    fail(5);
    now += 4_999;
    expect(breaker.admits()).toBe(false);
    now += 1;
    expect(breaker.state).toBe("half-open");
    expect([breaker.admits(), breaker.admits(), breaker.admits()]).toEqual([true, false, false]);
  });

  test("a probe that succeeds closes it for everybody", () => {
    fail(5);
    now += 5_000;
    breaker.admits();
    breaker.succeeded();
    expect(breaker.state).toBe("closed");
    fail(4);
    expect(breaker.state).toBe("closed");
  });

  test("a probe that fails opens it for another cooldown", () => {
    fail(5);
    now += 5_000;
    fail(1);
    expect(breaker.state).toBe("open");
    now += 4_999;
    expect(breaker.admits()).toBe(false);
    now += 1;
    expect(breaker.admits()).toBe(true);
  });

  test("a probe that never reports back is replaced after another cooldown", () => {
    fail(5);
    now += 5_000;
    expect(breaker.admits()).toBe(true);
    now += 4_999;
    expect(breaker.admits()).toBe(false);
    now += 1;
    expect(breaker.admits()).toBe(true);
  });

  test("calls that were let through before it opened do not postpone the probe when they fail late", () => {
    fail(5);
    now += 4_000;
    breaker.failed();
    now += 1_000;
    expect(breaker.admits()).toBe(true);
  });

  test("tells the seconds until the next probe, at least one", () => {
    fail(5);
    expect(breaker.retryAfter).toBe(5);
    now += 4_500;
    expect(breaker.retryAfter).toBe(1);
    now += 60_000;
    expect(breaker.retryAfter).toBe(1);
  });
});
