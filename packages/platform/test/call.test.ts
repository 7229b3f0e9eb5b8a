import {
  type CallContract,
  continueTrace,
  createCall,
  defineCall,
  type ErrorCode,
  type Invocation,
  KeyRing,
  newId,
  ReplicaLost,
  TrivetError,
} from "@trivet/platform";
import { comesTrue, stopTheClock } from "@trivet/testing/clock";
import { decodeJwt } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { invocationOf } from "./invocation.ts";

const secret = "a-secret-of-the-services-that-is-long-enough";
const reply = z.object({ name: z.string() });

/** A fresh name each time, because circuits are remembered by the names of caller and callee. */
let callee = "";
let asked: Request[] = [];

beforeEach(() => {
  callee = `callee-${newId()}`;
  asked = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const contract = (changes: Partial<CallContract> = {}) =>
  defineCall({
    service: callee,
    callers: ["toy"],
    method: "get",
    path: "/things/{id}",
    summary: "Read a thing",
    params: z.object({ id: z.string() }),
    query: z.object({ q: z.string().optional(), limit: z.number().optional() }),
    reply,
    ...changes,
  });

const posting = (changes: Partial<CallContract> = {}) =>
  defineCall({
    service: callee,
    callers: ["toy"],
    method: "post",
    path: "/things",
    summary: "Make a thing",
    body: z.strictObject({ name: z.string() }),
    reply,
    ...changes,
  });

type Answer = () => Response | Promise<Response>;

/** A service that gives these answers in turn, the last one for ever. */
const answering = (...answers: Answer[]) => ({
  async fetch(request: Request): Promise<Response> {
    asked.push(request);
    const answer = answers[Math.min(asked.length, answers.length) - 1];
    if (!answer) throw new Error("no answer was given");
    return await answer();
  },
});

const ok = () => Response.json({ name: "one" });
const status = (code: number) => () => new Response(null, { status: code });
const down = () => Promise.reject(new TypeError("connection refused"));
const never = () => new Promise<Response>(() => undefined);
const problem = (code: string, answered: number) => () =>
  Response.json({ code, detail: "Its own sentence." }, { status: answered });

const get = (binding: ReturnType<typeof answering>, invocation: Partial<Invocation> = {}) =>
  createCall(invocationOf("toy", invocation), secret)(binding, contract(), { params: { id: "1" }, query: {} });
const post = (binding: ReturnType<typeof answering>, changes: Partial<CallContract> = {}) =>
  createCall(invocationOf("toy"), secret)(binding, posting(changes), { body: { name: "one" } });

const refused = (code: ErrorCode) => expect.objectContaining({ code });

describe("what a call sends", () => {
  test("the address is the contract's, with every part encoded", async () => {
    const call = createCall(invocationOf("toy"), secret);
    await call(answering(ok), contract(), { params: { id: "../a b/?#" }, query: { q: "x&y=z", limit: 3 } });
    expect(asked[0]?.url).toBe(`http://${callee}/${callee}/internal/things/..%2Fa%20b%2F%3F%23?q=x%26y%3Dz&limit=3`);
  });

  test("it is signed for the callee alone", async () => {
    await get(answering(ok));
    expect(decodeJwt(asked[0]?.headers.get("x-service-token") ?? "")).toMatchObject({ iss: "toy", aud: callee });
  });

  test("request id, deadline and trace go along", async () => {
    const invocation = invocationOf("toy", { requestId: "req-42" });
    await createCall(invocation, secret)(answering(ok), contract(), { params: { id: "1" }, query: {} });
    const headers = asked[0]?.headers ?? new Headers();
    expect(headers.get("x-request-id")).toBe("req-42");
    expect(headers.get("x-request-deadline")).toBe(String(invocation.deadline));
    expect(continueTrace(headers)).toMatchObject({
      traceId: invocation.trace.traceId,
      parentId: invocation.trace.spanId,
    });
  });

  test("a body is JSON", async () => {
    await post(answering(ok));
    expect(asked[0]?.headers.get("content-type")).toBe("application/json");
    expect(await asked[0]?.json()).toEqual({ name: "one" });
  });

  test("input that breaks the contract throws before anybody is asked, and opens no circuit", async () => {
    const call = createCall(invocationOf("toy"), secret);
    const input = { body: { name: 1 } };
    for (let count = 0; count < 6; count += 1) {
      await expect(call(answering(ok), posting(), input)).rejects.toBeInstanceOf(z.ZodError);
    }
    expect(asked).toHaveLength(0);
    await expect(post(answering(ok))).resolves.toEqual({ name: "one" });
  });
});

describe("retries", () => {
  test.each([
    ["502", status(502)],
    ["503", status(503)],
    ["504", status(504)],
    ["a lost connection", down],
  ])("an idempotent call is tried again after %s", async (_, failure) => {
    await expect(get(answering(failure, failure, ok))).resolves.toEqual({ name: "one" });
    expect(asked).toHaveLength(3);
  });

  test("it is tried three times and no more", async () => {
    await expect(get(answering(down))).rejects.toEqual(refused("unavailable"));
    expect(asked).toHaveLength(3);
  });

  test.each([
    ["500", status(500), "unavailable" as const],
    ["a refusal", problem("not_found", 404), "not_found" as const],
    ["a limit", problem("rate_limited", 429), "rate_limited" as const],
  ])("nothing is tried again after %s", async (_, answer, code) => {
    await expect(get(answering(answer, ok))).rejects.toEqual(refused(code));
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["503", status(503)],
    ["a lost connection", down],
  ])("a POST is not tried again after %s", async (_, failure) => {
    await expect(post(answering(failure, ok))).rejects.toEqual(refused("unavailable"));
    expect(asked).toHaveLength(1);
  });

  test("a POST that its contract calls idempotent is, with the same body", async () => {
    await expect(post(answering(status(503), ok), { idempotent: true })).resolves.toEqual({ name: "one" });
    expect(await Promise.all(asked.map((request) => request.json()))).toEqual([{ name: "one" }, { name: "one" }]);
  });

  test("an answer that says its own tries were in vain is not tried again: tries do not multiply from hop to hop", async () => {
    const tried = () => new Response(null, { status: 503, headers: { "x-should-retry": "false" } });
    await expect(get(answering(tried, ok))).rejects.toEqual(refused("unavailable"));
    expect(asked).toHaveLength(1);
  });

  test("a call that was tried in vain says so to whoever waits for it", async () => {
    const failure = expect.objectContaining({ code: "unavailable", headers: { "x-should-retry": "false" } });
    await expect(get(answering(status(503)))).rejects.toEqual(failure);
    await expect(get(answering(down))).rejects.toEqual(failure);
  });

  test("an outage is met with one try a call once the budget for retries is spent", async () => {
    for (let count = 0; count < 4; count += 1) {
      asked = [];
      await get(answering(status(503), ok));
    }
    asked = [];
    await expect(post(answering(status(503)))).rejects.toEqual(refused("unavailable"));
    await expect(get(answering(status(503)))).rejects.toEqual(refused("unavailable"));
    expect(asked).toHaveLength(2);
  });

  test("the body of an answer that is tried again is let go", async () => {
    let cancelled = false;
    const body = new ReadableStream({
      cancel: () => {
        cancelled = true;
      },
    });
    await get(answering(() => new Response(body, { status: 503 }), ok));
    expect(cancelled).toBe(true);
  });
});

describe("the deadline", () => {
  test("a call that has none left is not made", async () => {
    await expect(get(answering(ok), { deadline: Date.now() - 1 })).rejects.toEqual(refused("deadline_exceeded"));
    expect(asked).toHaveLength(0);
  });

  test("a callee that never answers is given up at the deadline and told so, to the millisecond", async () => {
    stopTheClock();
    const outcome = get(answering(never), { deadline: Date.now() + 150 });
    outcome.catch(() => undefined);
    await comesTrue(() => asked.length === 1);
    await vi.advanceTimersByTimeAsync(149);
    expect(asked[0]?.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked[0]?.signal.aborted).toBe(true);
    await expect(outcome).rejects.toEqual(refused("deadline_exceeded"));
    expect(asked).toHaveLength(1);
  });

  test("an answer whose body never ends is given up at the deadline", async () => {
    const endless = () =>
      new Response(new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array([123])) }));
    await expect(get(answering(endless), { deadline: Date.now() + 150 })).rejects.toEqual(refused("deadline_exceeded"));
  });

  test("no retry is begun that would pass it, nor is the deadline waited for", async () => {
    stopTheClock();
    // The pauses before the second and the third try are 50 and 100 ms long.
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    const outcome = get(answering(down), { deadline: Date.now() + 149 });
    outcome.catch(() => undefined);
    await comesTrue(() => vi.getTimerCount() === 1);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(50);
    await expect(outcome).rejects.toEqual(refused("deadline_exceeded"));
    expect(asked).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("callers in a hurry cannot open the circuit of a slow service", async () => {
    for (let count = 0; count < 6; count += 1) {
      await expect(get(answering(never), { deadline: Date.now() + 5 })).rejects.toEqual(refused("deadline_exceeded"));
    }
    await expect(get(answering(ok))).resolves.toBeDefined();
  });
});

describe("the reply", () => {
  test.each([
    ["another shape", () => Response.json({ title: "one" })],
    ["no JSON", () => new Response("<html>")],
    ["nothing", () => new Response(null, { status: 204 })],
    ["a redirect", () => new Response(null, { status: 302, headers: { location: "/" } })],
    ["a refusal without a code", () => new Response("Not found", { status: 404 })],
    ["a refusal with a code that nobody knows", problem("teapot", 418)],
    ["a refusal of our own token", problem("service_token_invalid", 403)],
  ])("outside the contract is a bad gateway: %s", async (_, answer) => {
    await expect(get(answering(answer))).rejects.toEqual(refused("bad_gateway"));
  });

  test.each<[ErrorCode, number]>([
    ["not_found", 404],
    ["forbidden", 403],
    ["conflict", 409],
    ["unauthenticated", 401],
    ["gone", 410],
  ])("a refusal keeps its code and sentence: %s", async (code, answered) => {
    const failure = expect.objectContaining({ code, message: "Its own sentence." });
    await expect(get(answering(problem(code, answered)))).rejects.toEqual(failure);
  });

  test("a failure of the callee tells nothing of its inside", async () => {
    await expect(post(answering(problem("internal", 500)))).rejects.toEqual(
      expect.objectContaining({ code: "unavailable", message: `The ${callee} service cannot be reached.` }),
    );
  });

  test("204 is the reply of a contract without one", async () => {
    const { reply: _, ...silent } = posting();
    const call = createCall(invocationOf("toy"), secret);
    await expect(call(answering(status(204)), silent, { body: { name: "one" } })).resolves.toBeUndefined();
  });
});

describe("the circuit", () => {
  test("opens after five failures, then nobody is asked, and the caller learns at once when to come back", async () => {
    for (let count = 0; count < 5; count += 1) await expect(post(answering(down))).rejects.toThrow();
    expect(asked).toHaveLength(5);
    // Whoever waited for anything would never come back.
    stopTheClock();
    await expect(post(answering(ok))).rejects.toEqual(expect.objectContaining({ code: "unavailable", retryAfter: 4 }));
    expect(asked).toHaveLength(5);
  });

  test("while it is open nothing is signed or encrypted for whoever is not asked", async () => {
    for (let count = 0; count < 5; count += 1) await post(answering(down)).catch(() => undefined);
    const ring = KeyRing.parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    const call = createCall(
      invocationOf("toy"),
      "another-secret-so-that-no-token-is-there-yet",
      ring && new Map([[callee, ring]]),
    );
    const [sign, encrypt] = [vi.spyOn(crypto.subtle, "sign"), vi.spyOn(crypto.subtle, "encrypt")];
    const sealed = call(answering(ok), posting({ encryption: "required" }), { body: { name: "one" } });
    await expect(sealed).rejects.toEqual(refused("unavailable"));
    expect(sign).not.toHaveBeenCalled();
    expect(encrypt).not.toHaveBeenCalled();
  });

  test("stays closed while a callee says that what stands behind it is down: it is alive itself", async () => {
    const tried = () => new Response(null, { status: 503, headers: { "x-should-retry": "false" } });
    for (let count = 0; count < 8; count += 1) await post(answering(tried)).catch(() => undefined);
    await expect(post(answering(ok))).resolves.toEqual({ name: "one" });
  });

  test("stays closed, and the budget whole, when one replica among others breaks off: whatever may be tried again is", async () => {
    const lost = () => {
      throw new TrivetError("unavailable", "Lost.", { cause: new ReplicaLost(new Error("ECONNRESET")) });
    };
    for (let count = 0; count < 8; count += 1) await expect(post(answering(lost))).rejects.toThrow("Lost.");
    await expect(get(answering(lost, ok))).resolves.toEqual({ name: "one" });
  });

  test("as many calls as have slots wait for a slow callee; the next is refused at once and does not open it", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const waiting = Array.from({ length: 512 }, () => get(answering(() => promise.then((answer) => answer.clone()))));
    await expect.poll(() => asked.length).toBe(512);
    await expect(get(answering(ok))).rejects.toEqual(refused("unavailable"));
    resolve(ok());
    await expect(Promise.all(waiting)).resolves.toHaveLength(512);
    await expect(get(answering(ok))).resolves.toEqual({ name: "one" });
  });

  test("stays closed whatever is refused", async () => {
    for (let count = 0; count < 8; count += 1) await post(answering(problem("conflict", 409))).catch(() => undefined);
    await expect(post(answering(ok))).resolves.toEqual({ name: "one" });
  });

  test("is each callee's own", async () => {
    for (let count = 0; count < 5; count += 1) await post(answering(down)).catch(() => undefined);
    callee = `callee-${newId()}`;
    await expect(post(answering(ok))).resolves.toEqual({ name: "one" });
  });
});
