import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { access, createWorker, json, routesFor, serviceEnv } from "@trivet/http";
import { ReplicaLost, type ServiceBinding, TrivetError } from "@trivet/platform";
import { comesTrue, stopTheClock } from "@trivet/testing/clock";
import { afterEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import {
  door,
  down,
  never,
  problemOf,
  publicUrl,
  serviceSecret,
  status,
  Upstream,
  untilAborted,
} from "./fixture/door.ts";

const ok = () => Response.json({ ok: true });
const readBody = async (request: Request) => Response.json({ read: (await request.text()).length });

afterEach(() => {
  vi.useRealTimers();
});

const { route } = routesFor<object>();

/** A real service behind the router, which counts the bytes of a body as they come. */
function uploadService(): ServiceBinding {
  const count = route(
    {
      method: "post",
      path: "/uploads/count",
      summary: "Count",
      access: access.anyone,
      responses: { 200: json(z.object({ bytes: z.number() }), "How many") },
    },
    async (c) => {
      let bytes = 0;
      for await (const chunk of c.req.raw.body ?? []) bytes += chunk.byteLength;
      return c.json({ bytes }, 200);
    },
  );
  const about = { name: "uploads", version: "1", summary: "Counts", env: serviceEnv, routes: [count] };
  const worker = createWorker({ ...about, deps: () => ({}) });
  const env = { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret };
  return { fetch: async (request) => await worker.fetch(request, env, { waitUntil: () => undefined }) };
}

describe("the circuit", () => {
  test("opens after five failures; then the service is left alone and the answer comes at once", async () => {
    const users = new Upstream(down);
    const front = door({ USERS: users, AUTH: new Upstream() });
    for (let count = 0; count < 5; count += 1) {
      const response = await front.send("/users/1", { method: "POST" });
      expect(response.status).toBe(503);
    }
    // Whoever waited for anything would never come back.
    stopTheClock();
    const response = await front.send("/users/1", { method: "POST" });
    expect(response.status).toBe(503);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await problemOf(response)).detail).toContain("given time to recover");
    expect(users.asked).toHaveLength(5);
  });

  test("of one service is nothing to the others", async () => {
    const front = door({ USERS: new Upstream(down), AUTH: new Upstream() });
    for (let count = 0; count < 6; count += 1) await front.send("/users/1");
    expect((await front.send("/auth/me")).status).toBe(200);
  });

  test("lets one probe through when half-open, and everybody once it has succeeded", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const users = new Upstream(down);
    const front = door({ USERS: users });
    for (let count = 0; count < 5; count += 1) await front.send("/users/1", { method: "POST" });
    vi.advanceTimersByTime(5_000);
    users.asked = [];
    let answerProbe: (response: Response) => void = () => undefined;
    users.answer = () =>
      new Promise((resolve) => {
        answerProbe = resolve;
      });
    const probe = front.send("/users/1");
    await expect.poll(() => users.asked.length).toBe(1);
    expect((await front.send("/users/1")).status).toBe(503);
    expect(users.asked).toHaveLength(1);
    users.answer = ok;
    answerProbe(ok());
    expect((await probe).status).toBe(200);
    const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await front.send("/users/1")).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test("stays closed whatever a service refuses, or breaks with 500", async () => {
    const users = new Upstream();
    const front = door({ USERS: users });
    for (const code of [400, 401, 404, 409, 422, 429, 500, 400, 500, 500, 500, 500, 500]) {
      users.answer = status(code);
      expect((await front.send("/users/1", { method: "POST" })).status).toBe(code);
    }
    expect(users.asked).toHaveLength(13);
  });

  test("stays closed when one replica among others breaks off: a GET is asked again, a POST is lost, the next goes through", async () => {
    const lost = () => {
      throw new TrivetError("unavailable", "Lost.", { cause: new ReplicaLost(new Error("ECONNRESET")) });
    };
    const users = new Upstream(lost);
    const front = door({ USERS: users });
    for (let count = 0; count < 8; count += 1) {
      expect((await front.send("/users/1", { method: "POST" })).status).toBe(503);
    }
    users.asked = [];
    users.answer = () => (users.asked.length === 1 ? lost() : ok());
    expect((await front.send("/users/1")).status).toBe(200);
    expect(users.asked).toHaveLength(2);
  });

  test("cannot be opened by clients in a hurry, who are not heard", async () => {
    const users = new Upstream(ok);
    const front = door({ USERS: users });
    for (let count = 0; count < 6; count += 1) {
      expect((await front.send("/users/1", { headers: { "x-request-deadline": "1" } })).status).toBe(200);
    }
  });

  test("cannot be opened by clients who send a body too slowly: they get 408", async () => {
    const users = new Upstream(readBody);
    const front = door({ USERS: users, REQUEST_TIMEOUT_MS: "300" });
    for (let count = 0; count < 6; count += 1) {
      const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
      const slow = await front.send("/users/1", { method: "POST", body, duplex: "half" });
      expect([slow.status, (await problemOf(slow)).code]).toEqual([408, "request_timeout"]);
    }
    users.answer = ok;
    expect((await front.send("/users/1")).status).toBe(200);
  });

  test("a body may take longer than an answer, as long as it keeps coming", async () => {
    stopTheClock();
    const users = new Upstream(readBody);
    const front = door({ USERS: users, REQUEST_TIMEOUT_MS: "1000" });
    let sent = 0;
    const body = new ReadableStream({
      async pull(controller) {
        // Nearly as long as an answer may take, six times over.
        await vi.advanceTimersByTimeAsync(900);
        sent += 1;
        if (sent > 6) controller.close();
        else controller.enqueue(new TextEncoder().encode("x"));
      },
    });
    const answer = await front.send("/users/1", { method: "POST", body, duplex: "half" });
    expect([answer.status, await answer.json()]).toEqual([200, { read: 6 }]);
  });

  test("an upload of 100 MB over 45 s reaches a service, which answers; one that stalls ends with 408", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
    const service = uploadService();
    const front = door({ UPLOADS: service });
    const send = async (chunks: number): Promise<Response> => {
      let sent = 0;
      const source: UnderlyingDefaultSource<Uint8Array> = {
        async pull(controller) {
          if (sent === 100) return controller.close();
          if (sent === chunks) await new Promise(() => undefined);
          sent += 1;
          await new Promise((resolve) => setTimeout(resolve, 450));
          controller.enqueue(new Uint8Array(1024 * 1024));
        },
      };
      const body = new ReadableStream(source, { highWaterMark: 0 });
      const answer = front.send("/uploads/count", { method: "POST", body, duplex: "half" });
      let answered = false;
      void answer.finally(() => {
        answered = true;
      });
      // Time passes in steps between which the rest of the machine gets its turn.
      while (!answered) {
        await new Promise((resolve) => setImmediate(resolve));
        if (sent > 0) await vi.advanceTimersByTimeAsync(50);
      }
      return await answer;
    };
    const whole = await send(100);
    expect([whole.status, await whole.json()]).toEqual([200, { bytes: 100 * 1024 * 1024 }]);
    expect((await problemOf(await send(30))).code).toBe("request_timeout");
  });

  test("shows in the metrics", async () => {
    const users = new Upstream(down);
    const front = door({ USERS: users, METRICS_TOKEN: "a-token-for-the-collector-of-metrics" });
    const state = async () => {
      const headers = { authorization: "Bearer a-token-for-the-collector-of-metrics" };
      const text = await (await front.send("/metrics", { headers })).text();
      return text.split("\n").filter((line) => line.startsWith("circuit_state{"));
    };
    await front.send("/users/1", { method: "POST" });
    expect(await state()).toEqual(['circuit_state{service="router",target="users"} 0']);
    for (let count = 0; count < 4; count += 1) await front.send("/users/1", { method: "POST" });
    expect(await state()).toEqual(['circuit_state{service="router",target="users"} 2']);
  });

  test("open, it still lets through what a service answers as long as it lives", async () => {
    const users = new Upstream(never);
    const front = door({ USERS: users, REQUEST_TIMEOUT_MS: "300" });
    for (let count = 0; count < 6; count += 1) await front.send("/users/1", { method: "POST" });
    users.answer = ok;
    expect((await front.send("/users/1")).status).toBe(503);
    for (const path of ["health", "ready", "docs", "openapi.json", ".well-known/jwks.json"]) {
      expect((await front.send(`/users/${path}`)).status, path).toBe(200);
    }
    expect((await front.send("/users/1")).status).toBe(503);
  });

  test("cannot be opened by clients that go away", async () => {
    const users = new Upstream(untilAborted);
    const front = door({ USERS: users });
    for (let count = 0; count < 6; count += 1) {
      const client = new AbortController();
      const answer = front.send("/users/1", { signal: client.signal });
      await expect.poll(() => users.asked.length).toBe(count + 1);
      client.abort();
      await answer;
    }
    users.answer = ok;
    expect((await front.send("/users/1")).status).toBe(200);
  });
});

describe("the bulkhead", () => {
  test("a service with 512 requests waiting is asked no more; others are, and uploads take no place", async () => {
    const users = new Upstream(never);
    const front = door({ USERS: users, AUTH: new Upstream(), RATE_LIMIT_ADDRESS: "1000" });
    const uploads = Array.from({ length: 20 }, () =>
      front.send("/users/1", { method: "POST", body: "an upload", duplex: "half" }),
    );
    const waiting = Array.from({ length: 512 }, (_, index) => front.send(`/users/${index}`));
    await expect.poll(() => users.asked.length).toBe(532);
    const response = await front.send("/users/another");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await front.send("/auth/me")).status).toBe(200);
    expect(users.asked).toHaveLength(532);
    void [...uploads, ...waiting];
  });
});

describe("a retry", () => {
  test.each([
    ["502", status(502)],
    ["503", status(503)],
    ["504", status(504)],
    ["a lost connection", down],
  ])("is made once for a GET after %s", async (_, failure) => {
    const users = new Upstream(failure);
    const front = door({ USERS: users });
    users.answer = (request) => (users.asked.length === 1 ? failure(request) : ok());
    expect((await front.send("/users/1")).status).toBe(200);
    expect(users.asked).toHaveLength(2);
  });

  test.each(["POST", "PUT", "PATCH", "DELETE"])("is never made for %s", async (method) => {
    const users = new Upstream(status(503));
    const response = await door({ USERS: users }).send("/users/1", { method });
    expect(response.status).toBe(503);
    expect(users.asked).toHaveLength(1);
  });

  test.each([400, 401, 404, 409, 429, 500, 501])("is never made after %i", async (code) => {
    const users = new Upstream(status(code));
    expect((await door({ USERS: users }).send("/users/1")).status).toBe(code);
    expect(users.asked).toHaveLength(1);
  });

  test("is not made where the service has tried in vain itself; its circuit stays closed and the client is not told", async () => {
    const users = new Upstream(() => new Response(null, { status: 503, headers: { "x-should-retry": "false" } }));
    const front = door({ USERS: users });
    for (let count = 1; count <= 8; count += 1) {
      const response = await front.send("/users/1");
      expect(response.status).toBe(503);
      expect(response.headers.has("x-should-retry")).toBe(false);
      expect(users.asked).toHaveLength(count);
    }
  });

  test("that fails too gives the service's own words", async () => {
    const users = new Upstream(() =>
      Response.json({ code: "unavailable" }, { status: 503, headers: { "retry-after": "7" } }),
    );
    const response = await door({ USERS: users }).send("/users/1");
    expect(users.asked).toHaveLength(2);
    expect(response.headers.get("retry-after")).toBe("7");
    expect(await response.json()).toEqual({ code: "unavailable" });
  });
});

describe("the deadline", () => {
  test("a service that never answers is given up at it, to the millisecond, and told to stop; others do not notice", async () => {
    stopTheClock();
    const users = new Upstream(never);
    const front = door({ USERS: users, AUTH: new Upstream(), REQUEST_TIMEOUT_MS: "300" });
    const late = front.send("/users/1");
    await comesTrue(() => users.asked.length === 1);
    expect((await front.send("/auth/me")).status).toBe(200);
    await vi.advanceTimersByTimeAsync(299);
    expect(users.last.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(users.last.signal.aborted).toBe(true);
    const response = await late;
    expect(response.status).toBe(504);
    expect((await problemOf(response)).code).toBe("deadline_exceeded");
    expect(users.asked).toHaveLength(1);
  });

  test("does not end an answer that has begun", async () => {
    const users = new Upstream(() => {
      const slow = new ReadableStream({
        async pull(stream) {
          await new Promise((resolve) => setTimeout(resolve, 200));
          stream.enqueue(Buffer.from("late but whole"));
          stream.close();
        },
      });
      return new Response(slow);
    });
    const response = await door({ USERS: users, REQUEST_TIMEOUT_MS: "100" }).send("/users/1");
    expect(await response.text()).toBe("late but whole");
    expect(users.last.signal.aborted).toBe(false);
  });
});

describe("a client that goes away", () => {
  test("ends the request behind it", async () => {
    const users = new Upstream(untilAborted);
    const client = new AbortController();
    const answer = door({ USERS: users }).send("/users/1", { signal: client.signal });
    await expect.poll(() => users.asked.length).toBe(1);
    client.abort();
    await answer;
    expect(users.last.signal.aborted).toBe(true);
    expect(users.asked).toHaveLength(1);
  });

  test("ends the answer that streams to it", async () => {
    const users = new Upstream(({ signal }) => {
      const endless = new ReadableStream({
        start: (stream) => {
          stream.enqueue(Buffer.from("first"));
          signal.addEventListener("abort", () => stream.error(signal.reason), { once: true });
        },
      });
      return new Response(endless);
    });
    const client = new AbortController();
    const response = await door({ USERS: users }).send("/users/stream", { signal: client.signal });
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("first");
    client.abort();
    await expect(reader?.read()).rejects.toThrow();
  });
});

describe("streams", () => {
  test("the first chunk of an answer arrives before the last is sent", async () => {
    let sendRest: () => void = () => undefined;
    const users = new Upstream(() => {
      const stream = new ReadableStream({
        start(controller) {
          controller.enqueue(Buffer.from("data: 1\n\n"));
          sendRest = () => {
            controller.enqueue(Buffer.from("data: 2\n\n"));
            controller.close();
          };
        },
      });
      return new Response(stream, { headers: { "content-type": "text/event-stream" } });
    });
    const response = await door({ USERS: users }).send("/users/stream");
    const reader = response.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: 1\n\n");
    sendRest();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: 2\n\n");
    expect((await reader?.read())?.done).toBe(true);
  });

  test("the first chunk of a body arrives before the last is sent", async () => {
    let sendRest: () => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from("first "));
        sendRest = () => {
          controller.enqueue(Buffer.from("rest"));
          controller.close();
        };
      },
    });
    const users = new Upstream(async (request) => {
      const reader = request.body?.getReader();
      const first = Buffer.from((await reader?.read())?.value ?? []).toString();
      sendRest();
      const rest = Buffer.from((await reader?.read())?.value ?? []).toString();
      return Response.json([first, rest]);
    });
    const response = await door({ USERS: users }).send("/users/1", { method: "POST", body, duplex: "half" });
    expect(await response.json()).toEqual(["first ", "rest"]);
  });

  test("100 MB go through both ways: never more than 1 MB is on its way, and none is kept", async () => {
    const size = 100 * 1024 * 1024;
    let sent = 0;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (sent >= size) return controller.close();
          // A new one each time, so that whoever keeps it shows.
          const chunk = new Uint8Array(64 * 1024).fill(97);
          sent += chunk.byteLength;
          controller.enqueue(chunk);
        },
      },
      { highWaterMark: 1 },
    );
    const users = new Upstream((request) => new Response(request.body));
    const before = sweptMemory();
    const response = await door({ USERS: users }).send("/users/1", { method: "POST", body, duplex: "half" });
    let received = 0;
    let underWay = 0;
    let kept = 0;
    for await (const part of response.body ?? []) {
      received += part.byteLength;
      underWay = Math.max(underWay, sent - received);
      if (received % (10 * 1024 * 1024) === 0) kept = Math.max(kept, sweptMemory() - before);
    }
    expect(received).toBe(size);
    expect(underWay).toBeLessThanOrEqual(1024 * 1024);
    expect(kept).toBeLessThan(2 * 1024 * 1024);
  });

  /** Bytes in buffers that somebody still holds: what nobody does is swept first, not when the runtime likes. */
  function sweptMemory(): number {
    setFlagsFromString("--expose-gc");
    // The second waits for what the first has left to be swept in the background.
    for (let time = 0; time < 2; time += 1) runInNewContext("gc")();
    return process.memoryUsage().arrayBuffers;
  }
});

describe("the body cap", () => {
  const MAX_BODY_BYTES = "1000";
  const streamOf = (size: number) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let sent = 0; sent < size; sent += 100) controller.enqueue(new Uint8Array(100));
        controller.close();
      },
    });
  const reading = () =>
    new Upstream(async (request) => Response.json({ size: (await request.arrayBuffer()).byteLength }));

  test("a body up to the cap goes through, with a length and without", async () => {
    const front = door({ USERS: reading(), MAX_BODY_BYTES });
    const declared = await front.send("/users/1", {
      method: "POST",
      body: new Uint8Array(1_000),
      headers: { "content-length": "1000" },
    });
    expect(await declared.json()).toEqual({ size: 1_000 });
    const streamed = await front.send("/users/1", { method: "POST", body: streamOf(1_000), duplex: "half" });
    expect(await streamed.json()).toEqual({ size: 1_000 });
  });

  test("a declared length above it is refused before the service is asked", async () => {
    const users = reading();
    const init = { method: "POST", body: new Uint8Array(1_001), headers: { "content-length": "1001" } };
    const response = await door({ USERS: users, MAX_BODY_BYTES }).send("/users/1", init);
    expect(response.status).toBe(413);
    expect((await problemOf(response)).detail).toBe("The body may have at most 1000 bytes.");
    expect(users.asked).toHaveLength(0);
  });

  test("a body declared to be short goes whole or not at all: no service begins with one that breaks off or is late", async () => {
    const users = reading();
    const front = door({ USERS: users, REQUEST_TIMEOUT_MS: "300" });
    const ends: [string, (controller: ReadableStreamDefaultController) => unknown][] = [
      ["client_closed_request", (controller) => controller.error(new Error("the connection was lost"))],
      ["request_timeout", () => new Promise(() => undefined)],
    ];
    for (const [code, end] of ends) {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        pull: async (controller) => void (await end(controller)),
      });
      const headers = { "content-length": "20" };
      const response = await front.send("/users/1", { method: "POST", body, headers, duplex: "half" });
      expect((await problemOf(response)).code).toBe(code);
    }
    expect(users.asked).toEqual([]);
  });

  test("a stream above it is refused, and the service does not take the blame", async () => {
    const users = reading();
    const front = door({ USERS: users, MAX_BODY_BYTES });
    for (let count = 0; count < 6; count += 1) {
      const response = await front.send("/users/1", { method: "POST", body: streamOf(1_100), duplex: "half" });
      expect(response.status).toBe(413);
      expect((await problemOf(response)).code).toBe("payload_too_large");
    }
    expect((await front.send("/users/1", { method: "POST", body: "fine" })).status).toBe(200);
  });
});

describe("over a network", () => {
  let server: Server | undefined;

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  async function listen(handler: Parameters<typeof createServer>[1]): Promise<string> {
    const listening = createServer(handler);
    server = listening;
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    const { port }: AddressInfo = Object.assign({ port: 0, family: "", address: "" }, listening.address());
    return `http://127.0.0.1:${port}`;
  }

  const remote = (origin: string) =>
    new Upstream((request) => fetch(request.url.replace(/^http:\/\/[^/]+/, origin), request));

  test("an answer comes through with its headers, though they are read-only", async () => {
    const origin = await listen((_, response) => {
      response.writeHead(201, { "x-own": "1", connection: "keep-alive, x-hop", "x-hop": "1" });
      response.end("made");
    });
    const response = await door({ USERS: remote(origin) }).send("/users/1", { method: "POST", body: "x" });
    expect(response.status).toBe(201);
    expect(response.headers.get("x-own")).toBe("1");
    expect(response.headers.has("connection")).toBe(false);
    expect(response.headers.has("x-hop")).toBe(false);
    expect(response.headers.get("ratelimit-limit")).toBe("150");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).toBe("made");
  });

  test("a service that accepts and never answers is given up at the deadline, its connection closed", async () => {
    let closed = false;
    const origin = await listen((request) => {
      request.socket.once("close", () => {
        closed = true;
      });
    });
    const response = await door({ USERS: remote(origin), REQUEST_TIMEOUT_MS: "200" }).send("/users/1");
    expect(response.status).toBe(504);
    await expect.poll(() => closed).toBe(true);
  });

  test("a stream above the cap is refused with 413, though the connection broke", async () => {
    const origin = await listen((request, response) => {
      request.resume().on("end", () => response.end("read"));
    });
    const body = new ReadableStream<Uint8Array>({
      async pull(stream) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        stream.enqueue(new Uint8Array(600));
      },
    });
    const front = door({ USERS: remote(origin), MAX_BODY_BYTES: "1000" });
    expect((await front.send("/users/1", { method: "POST", body, duplex: "half" })).status).toBe(413);
  });

  test("a service that is not there is unavailable", async () => {
    const response = await door({ USERS: remote("http://127.0.0.1:1") }).send("/users/1");
    expect(response.status).toBe(503);
    expect((await problemOf(response)).detail).toBe("The users service cannot be reached.");
  });
});
