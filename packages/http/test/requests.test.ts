import { errorCodes, isErrorCode, mintServiceToken, newId } from "@trivet/platform";
import { comesTrue, stopTheClock } from "@trivet/testing/clock";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { insiderDeadline, logged, posting, problemOf, type Running, run, serviceSecret } from "./fixture/running.ts";

let service: Running;

beforeEach(() => {
  service = run();
  logged.length = 0;
});

const codes = Object.keys(errorCodes).filter(isErrorCode);

describe("a refusal", () => {
  test.each(codes)("of code %s is a problem as RFC 9457 has it", async (code) => {
    const response = await service.send(`/toy/fail?how=${code}`, { headers: { "x-request-id": "req-9" } });
    const { status, error, detail } = errorCodes[code];
    expect(response.status).toBe(status);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await problemOf(response)).toEqual({
      type: `/problems/${code}`,
      title: error,
      status,
      detail,
      instance: "/toy/fail",
      code,
      error,
      request_id: "req-9",
    });
    expect(response.headers.has("www-authenticate")).toBe(status === 401);
    expect(response.headers.get("retry-after")).toBe(code === "rate_limited" ? "2" : null);
  });

  test("for a fault of ours tells nothing of it; the log does", async () => {
    const response = await service.send("/toy/fail?how=canary-77aa");
    expect(response.status).toBe(500);
    const text = JSON.stringify(await problemOf(response));
    expect(text).not.toContain("canary-77aa");
    expect(text).not.toMatch(/at |\.ts|stack/);
    expect(logged.join("")).toContain("a fault with canary-77aa");
  });

  test("to HEAD has the status and no body", async () => {
    const response = await service.send("/toy/nothing", { method: "HEAD" });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("");
  });
});

describe("validation", () => {
  test("names every bad field by its pointer, and repeats nothing that was sent", async () => {
    const canary = "canary-91bc";
    const body = {
      name: `${canary}${"x".repeat(60)}`,
      size: canary,
      kind: canary,
      tags: ["fine", canary, 3],
      inner: { "a/b": canary },
      "odd/field~": canary,
    };
    const response = await service.send("/toy/things", posting(JSON.stringify(body)));
    expect(response.status).toBe(400);
    const problem = await problemOf(response);
    expect(problem.code).toBe("validation_failed");
    expect(problem.errors?.map((error) => `${error.in} ${error.pointer}`).toSorted()).toEqual([
      "body /inner/a~1b",
      "body /kind",
      "body /name",
      "body /odd~1field~0",
      "body /size",
      "body /tags/1",
      "body /tags/2",
    ]);
    expect(JSON.stringify(problem)).not.toContain(canary);
  });

  test.each([
    ["a parameter", `/toy/things/${"a".repeat(21)}`, "path", "/id"],
    ["a query", "/toy/numbers?limit=0", "query", "/limit"],
    ["a query that is missing", "/toy/fail", "query", "/how"],
  ])("says in which part: %s", async (_, path, place, pointer) => {
    const problem = await problemOf(await service.send(path));
    expect(problem.errors).toEqual([expect.objectContaining({ in: place, pointer })]);
  });

  test.each([
    ["an unknown one", "/toy/numbers?limit=1&offset=2", ["/offset"]],
    ["several", "/toy/numbers?a/b=1&~=&limit=1", ["/a~1b", "/~0"]],
    ["one on a route that takes none", "/toy/trace?x=1", ["/x"]],
    ["one without a name", "/toy/trace?=&", ["/"]],
    ["one on a write", "/toy/later?x=1", ["/x"]],
    ["one in other letters", "/toy/numbers?LIMIT=1", ["/LIMIT"]],
    ["a known one twice", "/toy/numbers?limit=1&limit=1", ["/limit"]],
    ["one on a standard route", "/toy/health?verbose=1", ["/verbose"]],
    ["one for a person", "/toy/me?x", undefined],
  ])("parameters that the contract does not name are refused by name: %s", async (_, path, pointers) => {
    const response = await service.send(path, { method: path.startsWith("/toy/later") ? "POST" : "GET" });
    // A stranger is told that they are one, and nothing of the contract.
    if (pointers === undefined) return expect(response.status).toBe(401);
    expect(response.status).toBe(400);
    const { errors } = await problemOf(response);
    expect(errors?.map((error) => [error.in, error.pointer])).toEqual(pointers.map((pointer) => ["query", pointer]));
    expect(errors?.[0]?.detail).toMatch(/^(?:is not a known parameter|may be sent only once)$/);
  });

  test.each(["/toy/any?state=a&iss=b&iss=c", "/toy/trace?", "/toy/numbers?limit=%31", "/toy/numbers?limit=1&"])(
    "what the contract does take passes: %s",
    async (path) => expect((await service.send(path)).ok).toBe(true),
  );

  test.each([
    ["nothing", {}, ["/code"]],
    ["no object", [], [""]],
    ["most of the first", { name: "a" }, ["/size"]],
    ["most of the second", { name: "a", colour: {} }, ["/colour/hue"]],
    ["a stray field", { code: "a", more: 1 }, ["/more"]],
    ["no kind that there is", { shape: { kind: "oval" } }, ["/shape/kind"]],
    ["half a kind", { shape: { kind: "round" } }, ["/shape/radius"]],
    ["a wrong value for either type", { shape: { kind: "square", side: true } }, ["/shape/side"]],
  ])("a union names the field of the branch that comes nearest: %s", async (_, body, pointers) => {
    const response = await service.send("/toy/either", posting(JSON.stringify(body)));
    expect(response.status).toBe(400);
    const { errors } = await problemOf(response);
    expect(errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    for (const { detail } of errors ?? []) expect(detail).not.toBe("Invalid input");
  });

  test("an answer does not grow with what was sent", async () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`field${index}`, 1]));
    const long = { name: "a", ["k".repeat(500_000)]: 1 };
    for (const body of [many, long]) {
      const response = await service.send("/toy/things", posting(JSON.stringify(body)));
      expect(response.status).toBe(400);
      expect((await response.text()).length).toBeLessThan(50_000);
    }
  });
});

describe("an address", () => {
  test.each([
    ["GET", "/nothing", 404],
    ["GET", "/toy", 404],
    ["GET", "/toy/", 404],
    ["GET", "/toy/things/", 404],
    ["GET", "/toy/things/1/", 404],
    ["GET", "//toy/things/1", 404],
    ["GET", "/toy//things/1", 404],
    ["GET", "/TOY/things/1", 404],
    ["GET", "/toy/things/1/more", 404],
    ["POST", "/nothing", 404],
    ["GET", "/__proto__", 404],
    ["GET", "/toy/constructor", 404],
  ])("that is unknown answers: %s %s %i", async (method, path, status) => {
    const response = await service.send(path, { method });
    expect(response.status).toBe(status);
    expect((await problemOf(response)).instance).toBe(path);
  });

  test.each([
    ["DELETE", "/toy/things/1", "GET, HEAD, OPTIONS"],
    ["GET", "/toy/things", "OPTIONS, POST"],
    ["HEAD", "/toy/things", "OPTIONS, POST"],
    ["PATCH", "/toy/me", "GET, HEAD, OPTIONS, PUT"],
    ["POST", "/toy/health", "GET, HEAD, OPTIONS"],
    ["PROPFIND", "/toy/me", "GET, HEAD, OPTIONS, PUT"],
  ])("under another method answers 405 and tells which it takes: %s %s", async (method, path, allow) => {
    const response = await service.send(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allow);
  });

  test("OPTIONS tells the methods", async () => {
    const response = await service.send("/toy/me", { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS, PUT");
    expect((await service.send("/toy/nothing", { method: "OPTIONS" })).status).toBe(404);
  });

  test("HEAD answers as GET does, without the body", async () => {
    const [head, get] = await Promise.all([
      service.send("/toy/document", { method: "HEAD" }),
      service.send("/toy/document"),
    ]);
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    expect(head.headers.get("etag")).toBe(get.headers.get("etag"));
    expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
  });

  test("a word stands before a parameter in the same place, whichever was listed first", async () => {
    expect(await (await service.send("/toy/things/latest")).json()).toEqual({ id: "latest", name: "static" });
    expect(await (await service.send("/toy/things/other")).json()).toEqual({ id: "other", name: "by id" });
  });

  test("parameters are decoded once", async () => {
    const idOf = async (segment: string) =>
      z.object({ id: z.string() }).parse(await (await service.send(`/toy/things/${segment}`)).json()).id;
    expect(await idOf("a%20b")).toBe("a b");
    expect(await idOf("%C3%A4")).toBe("\u00e4");
    expect(await idOf("a%2Fb")).toBe("a/b");
    expect(await idOf("%2561")).toBe("%61");
    expect(await idOf("a+b")).toBe("a+b");
  });

  test.each([
    "/toy/things/%",
    "/toy/things/%zz",
    "/toy/things/%C3",
    "/toy/things/%ff%fe",
    "/toy/things/%ED%A0%80",
    "/toy/things/a%00b",
    "/toy/numbers?cursor=%",
    "/toy/numbers?cursor=%C3%28",
    "/toy/numbers?cursor=a%00",
    "/%00",
    "/nothing/%ff",
  ])("that is not percent-encoded text is refused: %s", async (path) => {
    const response = await service.send(path);
    expect(response.status).toBe(400);
    expect((await problemOf(response)).code).toBe("malformed_request");
  });
});

const context = z.looseObject({
  requestId: z.string(),
  traceId: z.string(),
  spanId: z.string(),
  parentId: z.string().optional(),
  deadline: z.number(),
});
const traceOf = async (headers: Record<string, string>) => {
  const response = await service.send("/toy/trace", { headers });
  return { response, ...context.parse(await response.json()) };
};

describe("x-request-id", () => {
  test.each(["abc", "a.b:c-d_e", newId(), "a".repeat(128)])("is kept: %s", async (given) => {
    const { response, requestId } = await traceOf({ "x-request-id": given });
    expect(requestId).toBe(given);
    expect(response.headers.get("x-request-id")).toBe(given);
  });

  test.each(["", "a b", "a".repeat(129), "<script>", "a;b", "\u00e4", '{"a":1}'])(
    "is minted anew instead of: %s",
    async (given) => {
      const { response, requestId } = await traceOf({ "x-request-id": given });
      expect(requestId).toMatch(/^[\da-f-]{36}$/);
      expect(response.headers.get("x-request-id")).toBe(requestId);
    },
  );

  test("is on every answer, refusals included", async () => {
    for (const path of ["/nothing", "/toy/fail?how=internal", "/%00", "/toy/health", "/toy/metrics", "/toy/docs"]) {
      expect((await service.send(path)).headers.get("x-request-id"), path).toMatch(/^[\da-f-]{36}$/);
    }
  });
});

describe("traceparent", () => {
  test("is continued", async () => {
    const trace = await traceOf({ traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" });
    expect(trace).toMatchObject({ traceId: "4bf92f3577b34da6a3ce929d0e0e4736", parentId: "00f067aa0ba902b7" });
  });

  test("begins here where there is none", async () => {
    const trace = await traceOf({});
    expect(trace.traceId).toMatch(/^[\da-f]{32}$/);
    expect(trace.parentId).toBeUndefined();
  });
});

describe("the deadline", () => {
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);

  beforeEach(() => {
    rejections.length = 0;
    process.on("unhandledRejection", note);
  });

  afterEach(() => {
    process.off("unhandledRejection", note);
    vi.useRealTimers();
  });

  /** Half a minute from when the request came. */
  const isItsOwn = async (headers: Record<string, string>, asked: string | undefined) => {
    const before = Date.now();
    const { deadline } = await traceOf(headers);
    expect(deadline, asked).toBeGreaterThanOrEqual(before + 30_000);
    expect(deadline, asked).toBeLessThanOrEqual(Date.now() + 30_000);
  };

  test("is the caller's where it is earlier than 30 s, and 30 s otherwise", async () => {
    const soon = Date.now() + 5_000;
    expect((await traceOf(await insiderDeadline(soon))).deadline).toBe(soon);
    for (const asked of [String(Date.now() + 600_000), "999999999999999", "", "soon", "-1", "1e3", "0x10", " "]) {
      await isItsOwn(await insiderDeadline(asked), asked);
    }
  });

  test("is nobody's to set but another service's", async () => {
    for (const token of [undefined, "garbage", await mintServiceToken("router", "users", serviceSecret)]) {
      const headers = { "x-request-deadline": "1", ...(token !== undefined && { "x-service-token": token }) };
      await isItsOwn(headers, token);
    }
  });

  test("a handler that never answers is given up at it, to the millisecond", async () => {
    stopTheClock();
    let answered = false;
    const answer = service.send("/toy/hang", { headers: await insiderDeadline(Date.now() + 200) });
    void answer.then(() => {
      answered = true;
    });
    await comesTrue(() => vi.getTimerCount() === 1);
    await vi.advanceTimersByTimeAsync(199);
    expect(vi.getTimerCount()).toBe(1);
    expect(answered).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    const response = await answer;
    expect(response.status).toBe(504);
    expect((await problemOf(response)).code).toBe("deadline_exceeded");
  });

  test("that has passed answers 504 at once, and what fails later harms nobody", async () => {
    stopTheClock();
    for (const [path, statuses] of [
      ["/toy/fail-late", [504]],
      ["/toy/fail?how=internal", [500, 504]],
      ["/nothing", [404, 504]],
    ] as const) {
      const answer = service.send(path, { headers: await insiderDeadline(1) });
      let response: Response | undefined;
      void answer.then((given) => {
        response = given;
      });
      // Only what is due now is run: whoever waited a millisecond would never come back.
      await comesTrue(() => {
        vi.advanceTimersByTime(0);
        return response !== undefined;
      });
      expect(statuses, path).toContain(response?.status);
    }
    await comesTrue(() => vi.getTimerCount() === 1);
    await vi.advanceTimersByTimeAsync(30);
    // A rejection that nobody handles is told before the next turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
    expect(vi.getTimerCount()).toBe(0);
    expect(rejections).toEqual([]);
  });
});

describe("a body that takes long", () => {
  beforeEach(() => void stopTheClock());
  afterEach(() => void vi.useRealTimers());

  /** Sends a chunk every so many seconds, and lets so much time pass as the answer is due in, and no more. */
  const slowly = async (
    path: string,
    { chunks, every, due }: { chunks: number; every: number; due: number },
    headers: Record<string, string> = {},
  ) => {
    let sent = 0;
    const source: UnderlyingDefaultSource<Uint8Array> = {
      async pull(controller) {
        if (sent === chunks) return controller.close();
        sent += 1;
        await new Promise((resolve) => setTimeout(resolve, every * 1_000));
        controller.enqueue(new Uint8Array(1_000));
      },
    };
    // Asked for its first chunk when the service asks, not before.
    const body = new ReadableStream(source, { highWaterMark: 0 });
    const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half", headers };
    const answer = service.send(path, init);
    let seen: Response | undefined;
    answer.then(
      (response) => {
        seen = response;
      },
      () => undefined,
    );
    const began = Date.now();
    // Time passes once the body is asked for, in steps between which the rest of the machine gets its turn; when the
    // answer is due it stands still, however long that needs to be made.
    while (seen === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      if (sent > 0 && Date.now() - began < due * 1_000) await vi.advanceTimersByTimeAsync(1_000);
    }
    return { response: await answer, seconds: (Date.now() - began) / 1_000 };
  };

  test("is under way while it flows: the deadline counts from its end to the answer's beginning", async () => {
    const { response, seconds } = await slowly("/toy/upload", { chunks: 9, every: 10, due: 90 });
    expect([response.status, await response.json()]).toEqual([200, { bytes: 9_000 }]);
    expect(seconds).toBe(90);
    const hanging = await slowly("/toy/upload?afterwards=hang", { chunks: 9, every: 10, due: 120 });
    expect((await problemOf(hanging.response)).code).toBe("deadline_exceeded");
    expect(hanging.seconds).toBe(120);
  });

  test("and stops coming is given up after 30 s of silence with 408", async () => {
    const { response, seconds } = await slowly("/toy/upload", { chunks: 3, every: 31, due: 30 });
    expect((await problemOf(response)).code).toBe("request_timeout");
    expect(seconds).toBe(30);
  });

  test("does not move the deadline that another service has set", async () => {
    const headers = await insiderDeadline(Date.now() + 25_000);
    const { response, seconds } = await slowly("/toy/upload", { chunks: 9, every: 10, due: 25 }, headers);
    expect((await problemOf(response)).code).toBe("deadline_exceeded");
    expect(seconds).toBe(25);
  });
});

describe("an answer that streams", () => {
  test("keeps what was lent to it until it has been read to the end", async () => {
    const response = await service.send("/toy/download?type=text/plain");
    expect(service.journal.entries).not.toContain("given back");
    expect(await response.text()).toBe("1\n2\n3\n");
    await service.settled();
    expect(service.journal.entries).toEqual(["line 1", "line 2", "line 3", "given back"]);
  });

  test("gives it back when the client goes away", async () => {
    const response = await service.send("/toy/download?type=text/event-stream");
    const reader = response.body?.getReader();
    await reader?.read();
    expect(service.journal.entries).not.toContain("given back");
    await reader?.cancel();
    await service.settled();
    expect(service.journal.entries.slice(-2)).toEqual(["cancelled", "given back"]);
  });

  test("gives it back when it breaks, and the client sees that it is not whole", async () => {
    const response = await service.send("/toy/download?type=text/plain&broken=1");
    await expect(response.text()).rejects.toThrow();
    await service.settled();
    expect(service.journal.entries).toEqual(["line 1", "line 2", "given back"]);
  });

  test("is whole before it goes out where it is JSON", async () => {
    const response = await service.send("/toy/download?type=application/json");
    expect(service.journal.entries).toContain("line 3");
    expect(await response.text()).toBe("1\n2\n3\n");
    const broken = await service.send("/toy/download?type=application/json&broken=1");
    expect((await problemOf(broken)).code).toBe("internal");
  });
});

describe("work after the answer", () => {
  test("goes on, and what was lent is given back when all of it has settled", async () => {
    expect((await service.send("/toy/later", { method: "POST" })).status).toBe(204);
    expect(service.journal.entries).toEqual(["answered"]);
    await service.settled();
    expect(service.journal.entries).toEqual(["answered", "first", "further", "given back"]);
  });
});
