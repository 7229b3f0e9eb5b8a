import { newId } from "@trivet/platform";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LoggedEvent } from "../src/schemas.ts";
import { type Pace, streamLog } from "../src/tail/stream-log.ts";

const pace: Pace = { poll: 1_000, heartbeat: 15_000, patience: 30_000, lifetime: 300_000, retry: 2_000 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const eventAt = (position: number): LoggedEvent => ({
  ...{ id: newId(), event: "user.created", version: 1, service: "auth", subject: newId(), position, data: {} },
  ...{ timestamp: "2026-01-01T00:00:00.000Z", received_at: "2026-01-01T00:00:00.000Z" },
  ...{ trace_id: "0".repeat(32), span_id: "0".repeat(16) },
});

const textOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : new TextDecoder().decode(bytes));

/** A log that is a list, whose reads are counted, and its tail. */
function tailing() {
  const log: LoggedEvent[] = [];
  const state = { reads: 0, ended: 0, fault: undefined as unknown, down: false };
  const stream = streamLog({
    after: 0,
    pace,
    read: async (after) => {
      state.reads += 1;
      if (state.down) throw new Error("The database is down");
      const events = log.filter(({ position }) => position > after).slice(0, 2);
      return { events, upTo: events.at(-1)?.position ?? after, isAll: events.length < 2 };
    },
    ended: (fault) => {
      state.ended += 1;
      state.fault = fault;
    },
  });
  const reader = stream.getReader();
  return { log, state, reader, next: async () => textOf((await reader.read()).value) };
}

describe("the tail of the log", () => {
  test("begins with where it begins and when to come again, then brings what comes, each once, in order", async () => {
    const { log, next, reader } = tailing();
    expect(await next()).toBe("retry: 2000\nid: 0\n\n");
    const all = [1, 2, 5].map(eventAt);
    log.push(...all);
    const [first, second, third] = all.map((event) => `id: ${event.position}\ndata: ${JSON.stringify(event)}\n\n`);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await next()).toBe(`${first}${second}`);
    expect(await next()).toBe(third);
    await reader.cancel();
  });

  test("of a quiet log: a comment now and then, with the position", async () => {
    const { next, reader } = tailing();
    await next();
    const quiet = next();
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await quiet).toBe(": nothing new\nid: 0\n\n");
    await reader.cancel();
  });

  test("asks for nothing more while the reader has not taken what there is, and gives up one that takes nothing", async () => {
    const { log, state, reader } = tailing();
    log.push(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(eventAt));
    const broken = expect(reader.closed).rejects.toThrow("took nothing for 30000 ms");
    await vi.advanceTimersByTimeAsync(29_000);
    expect(state).toMatchObject({ reads: 0, ended: 0 });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(state).toMatchObject({ reads: 0, ended: 1, fault: undefined });
    await broken;
  });

  test("ends after its time with when to come again", async () => {
    const { state, reader } = tailing();
    const told: (string | undefined)[] = [];
    const all = (async () => {
      for (let one = await reader.read(); !one.done; one = await reader.read()) told.push(textOf(one.value));
    })();
    await vi.advanceTimersByTimeAsync(301_000);
    await all;
    expect(told.at(-1)).toBe("retry: 2000\n\n");
    expect(state).toMatchObject({ ended: 1, fault: undefined });
  });

  test("ends where the log cannot be read, and tells why", async () => {
    const { state, next } = tailing();
    await next();
    state.down = true;
    const last = next();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await last).toBe("retry: 2000\n\n");
    expect(await next()).toBeUndefined();
    expect(state).toMatchObject({ ended: 1, fault: new Error("The database is down") });
  });

  test("stops looking when the reader goes away", async () => {
    const { state, next, reader } = tailing();
    await next();
    await reader.cancel();
    const { reads } = state;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state).toMatchObject({ reads, ended: 1 });
    expect(vi.getTimerCount()).toBe(0);
  });
});
