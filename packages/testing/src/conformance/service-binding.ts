import type { ServiceBinding, WorkerModule } from "@trivet/platform";

/** A binding to `serviceBindingCallee`, made by the driver under test. */
export interface ServiceBindingSubject {
  binding: ServiceBinding;
  /** A binding to a callee that nobody runs. Left out where there cannot be one. */
  unreachable?: ServiceBinding;
  /** Connections the callee has accepted so far. Left out where there are none to count. */
  connections?: () => number;
}

/** A promise that every driver of `[[services]]` keeps. It rejects where one does not. */
export interface ServiceBindingCase {
  title: string;
  /** The optional part of the subject without which the case says nothing. */
  needs?: "unreachable" | "connections";
  run(subject: ServiceBindingSubject): Promise<void>;
}

const origin = "http://callee";
const patience = 5_000;
const large = 20 * 1024 * 1024;

/** Long exchanges of the callee by id, and whether it has seen them end. */
const exchanges = new Map<string, "open" | "aborted" | "cancelled">();

/** The Worker on the other side. It keeps no more state than it takes to tell that an abort arrived. */
export const serviceBindingCallee: WorkerModule<unknown> = {
  async fetch(request) {
    const url = new URL(request.url);
    const id = url.searchParams.get("id") ?? "";
    switch (url.pathname) {
      case "/echo":
        return new Response(request.body, {
          headers: { "x-method": request.method, "x-target": url.pathname + url.search },
        });
      case "/headers":
        return Response.json([...request.headers]);
      case "/answer":
        return answer(Number(url.searchParams.get("status")));
      case "/size":
        return Response.json(await sizeOf(request.body));
      case "/early":
        return new Response("too much", { status: 413 });
      case "/bytes":
        return new Response(countedBytes(Number(url.searchParams.get("size"))));
      case "/encoded":
        return new Response(gzipOf("plain"), { headers: { "content-encoding": "gzip" } });
      case "/hang":
        return await hang(id, request.signal);
      case "/drip":
        return drip(id, request.signal);
      case "/exchange":
        return Response.json(exchanges.get(id) ?? "unknown");
      case "/throw":
        throw new Error("the callee failed");
      case "/break":
        return new Response(brokenBody());
      default:
        return new Response("no such case", { status: 404 });
    }
  },
};

function answer(status: number): Response {
  const headers = new Headers({ "x-answer": String(status), location: "/elsewhere" });
  headers.append("set-cookie", "a=1; Path=/");
  headers.append("set-cookie", "b=2; Path=/");
  return new Response([204, 205, 304].includes(status) ? null : `status ${status}`, { status, headers });
}

async function hang(id: string, signal: AbortSignal): Promise<Response> {
  exchanges.set(id, "open");
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  exchanges.set(id, "aborted");
  return new Response("late");
}

/** Headers and a first piece at once, and then nothing until somebody hangs up. */
function drip(id: string, signal: AbortSignal): Response {
  exchanges.set(id, "open");
  signal.addEventListener("abort", () => exchanges.set(id, "aborted"), { once: true });
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encode("first")),
    cancel: () => void exchanges.set(id, "cancelled"),
  });
  return new Response(body);
}

function countedBytes(size: number): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      const length = Math.min(left, 64 * 1024);
      left -= length;
      if (length > 0) controller.enqueue(new Uint8Array(length).fill(7));
      if (left === 0) controller.close();
    },
  });
}

function brokenBody(): ReadableStream<Uint8Array> {
  let pieces = 0;
  return new ReadableStream({
    pull(controller) {
      pieces += 1;
      if (pieces === 1) controller.enqueue(encode("half of "));
      else controller.error(new Error("the callee broke off"));
    },
  });
}

const gzipOf = (text: string): ReadableStream<Uint8Array> =>
  new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));

/** Every case; each makes its own requests and none depends on another. */
export const serviceBindingCases: readonly ServiceBindingCase[] = [
  {
    title: "method, path and query arrive as they were sent",
    async run({ binding }) {
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        const response = await binding.fetch(new Request(`${origin}/echo?q=%C3%A9&r=a+b`, { method }));
        same(response.headers.get("x-method"), method);
        same(response.headers.get("x-target"), "/echo?q=%C3%A9&r=a+b");
        await response.text();
      }
    },
  },
  {
    title: "request headers arrive, those of the connection do not",
    async run({ binding }) {
      const sent = { "x-one": "1", "x-two": "2", connection: "x-two", te: "trailers", cookie: "a=1; b=2" };
      const response = await binding.fetch(new Request(`${origin}/headers`, { headers: sent }));
      const seen = new Map(readPairs(await response.json()));
      same(seen.get("x-one"), "1");
      same(seen.get("cookie"), "a=1; b=2");
    },
  },
  {
    title: "every status comes back with its headers and body",
    async run({ binding }) {
      for (const status of [200, 201, 204, 304, 400, 401, 404, 409, 429, 500, 503]) {
        const response = await binding.fetch(new Request(`${origin}/answer?status=${status}`));
        same(response.status, status);
        same(response.headers.get("x-answer"), String(status));
        same(await response.text(), [204, 304].includes(status) ? "" : `status ${status}`);
      }
    },
  },
  {
    title: "several set-cookie headers stay several",
    async run({ binding }) {
      const response = await binding.fetch(new Request(`${origin}/answer?status=200`));
      same(response.headers.getSetCookie().join(" | "), "a=1; Path=/ | b=2; Path=/");
      await response.text();
    },
  },
  {
    title: "a redirect is handed back to a caller that follows none itself",
    async run({ binding }) {
      for (const status of [301, 302, 303, 307, 308]) {
        // Left at `follow`, workerd goes after it inside the callee; no caller of ours leaves it there.
        const response = await binding.fetch(new Request(`${origin}/answer?status=${status}`, { redirect: "manual" }));
        same(response.status, status);
        same(response.headers.get("location"), "/elsewhere");
        await response.text();
      }
    },
  },
  {
    title: "a response is an instance of Response",
    async run({ binding }) {
      const response = await binding.fetch(new Request(`${origin}/answer?status=200`));
      same(response instanceof Response, true);
      same(response.clone() instanceof Response, true);
      await response.text();
    },
  },
  {
    title: "a body keeps its content-encoding and its bytes",
    async run({ binding }) {
      const response = await binding.fetch(
        new Request(`${origin}/encoded`, { headers: { "accept-encoding": "gzip" } }),
      );
      same(response.headers.get("content-encoding"), "gzip");
      const body = response.body?.pipeThrough(new DecompressionStream("gzip"));
      same(await new Response(body).text(), "plain");
    },
  },
  {
    title: "small bodies go there and back: text, bytes, empty",
    async run({ binding }) {
      for (const body of ["", "x", "é".repeat(1_000), '{"a":1}']) {
        const response = await binding.fetch(new Request(`${origin}/echo`, { method: "POST", body }));
        same(await response.text(), body);
      }
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const response = await binding.fetch(new Request(`${origin}/echo`, { method: "PUT", body: bytes }));
      same(new Uint8Array(await response.arrayBuffer()).join(), bytes.join());
    },
  },
  {
    title: "a large streamed request arrives whole",
    async run({ binding }) {
      const response = await binding.fetch(streaming(`${origin}/size`, countedBytes(large)));
      same(await response.json(), large);
    },
  },
  {
    title: "a large streamed response arrives whole",
    async run({ binding }) {
      const response = await binding.fetch(new Request(`${origin}/bytes?size=${large}`));
      same(await sizeOf(response.body), large);
    },
  },
  {
    title: "a response starts before its request has ended",
    async run({ binding }) {
      const pipe = new TransformStream<Uint8Array, Uint8Array>();
      const writer = pipe.writable.getWriter();
      const answering = binding.fetch(streaming(`${origin}/echo`, pipe.readable));
      // A write is done when somebody reads it, which may be nobody but the reader below.
      const ping = writer.write(encode("ping"));
      const reader = (await within(answering)).body?.getReader();
      same(decode((await within(reader?.read()))?.value), "ping");
      const pong = writer.write(encode("pong"));
      same(decode((await within(reader?.read()))?.value), "pong");
      const closed = writer.close();
      same((await within(reader?.read()))?.done, true);
      await within(Promise.all([ping, pong, closed]));
    },
  },
  {
    title: "an answer that does not wait for the body is delivered",
    async run({ binding }) {
      const response = await binding.fetch(streaming(`${origin}/early`, countedBytes(256 * 1024)));
      same(response.status, 413);
      same(await response.text(), "too much");
    },
  },
  {
    title: "fifty calls at once do not mix up their answers",
    async run({ binding }) {
      const calls = Array.from({ length: 50 }, async (_, index) => {
        const response = await binding.fetch(new Request(`${origin}/echo`, { method: "POST", body: `call ${index}` }));
        same(await response.text(), `call ${index}`);
      });
      await Promise.all(calls);
    },
  },
  {
    title: "a call whose signal has been aborted is not made",
    async run({ binding }) {
      const id = crypto.randomUUID();
      const reason = await rejection(
        binding.fetch(new Request(`${origin}/hang?id=${id}`, { signal: AbortSignal.abort() })),
      );
      same(nameOf(reason), "AbortError");
      same(await exchangeState(binding, id), "unknown");
    },
  },
  {
    title: "an abort before the answer rejects the call and reaches the callee",
    async run({ binding }) {
      const id = crypto.randomUUID();
      const controller = new AbortController();
      const call = rejection(binding.fetch(new Request(`${origin}/hang?id=${id}`, { signal: controller.signal })));
      await eventually(async () => (await exchangeState(binding, id)) === "open");
      controller.abort();
      same(nameOf(await within(call)), "AbortError");
      await eventually(async () => (await exchangeState(binding, id)) === "aborted");
    },
  },
  {
    title: "a deadline that passes rejects with TimeoutError",
    async run({ binding }) {
      const url = `${origin}/hang?id=${crypto.randomUUID()}`;
      const reason = await rejection(binding.fetch(new Request(url, { signal: AbortSignal.timeout(100) })));
      same(nameOf(reason), "TimeoutError");
    },
  },
  {
    title: "an abort in the middle of the answer reaches the callee",
    async run({ binding }) {
      const id = crypto.randomUUID();
      const controller = new AbortController();
      const response = await binding.fetch(new Request(`${origin}/drip?id=${id}`, { signal: controller.signal }));
      const reader = response.body?.getReader();
      same(decode((await within(reader?.read()))?.value), "first");
      controller.abort();
      await eventually(async () => (await exchangeState(binding, id)) !== "open");
      await reader?.cancel().catch(() => undefined);
    },
  },
  {
    title: "a reader that stops reading reaches the callee",
    async run({ binding }) {
      const id = crypto.randomUUID();
      const response = await binding.fetch(new Request(`${origin}/drip?id=${id}`));
      const reader = response.body?.getReader();
      await within(reader?.read());
      await reader?.cancel();
      await eventually(async () => (await exchangeState(binding, id)) !== "open");
    },
  },
  {
    title: "a body that breaks off is an error, not a shorter body",
    async run({ binding }) {
      const broken = binding.fetch(new Request(`${origin}/break`)).then((response) => response.text());
      same((await rejection(within(broken))) instanceof Error, true);
    },
  },
  {
    title: "a callee that throws is a rejection or a 5xx, and the next call works",
    async run({ binding }) {
      const outcome = await binding.fetch(new Request(`${origin}/throw`)).catch((error: unknown) => error);
      if (outcome instanceof Response) {
        same(outcome.status >= 500, true);
        await outcome.text();
      } else same(outcome instanceof Error, true);
      same((await binding.fetch(new Request(`${origin}/answer?status=200`))).status, 200);
    },
  },
  {
    title: "a callee that cannot be reached is a rejection",
    needs: "unreachable",
    async run({ unreachable }) {
      const outcome = await rejection(within(unreachable?.fetch(new Request(`${origin}/answer?status=200`))));
      same(outcome instanceof Error, true);
    },
  },
  {
    title: "a hundred calls in turn share one connection",
    needs: "connections",
    async run({ binding, connections }) {
      await (await binding.fetch(new Request(`${origin}/answer?status=200`))).text();
      const before = connections?.() ?? 0;
      for (let call = 0; call < 100; call += 1) {
        await (await binding.fetch(new Request(`${origin}/answer?status=200`))).text();
      }
      same((connections?.() ?? 0) - before <= 1, true);
    },
  },
];

/** Fetch needs `duplex` for a stream as body; not every type library knows the word. */
function streaming(url: string, body: ReadableStream<Uint8Array>): Request {
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
  return new Request(url, init);
}

async function exchangeState(binding: ServiceBinding, id: string): Promise<unknown> {
  const response = await binding.fetch(new Request(`${origin}/exchange?id=${id}`));
  return await response.json();
}

async function sizeOf(body: ReadableStream<Uint8Array> | null): Promise<number> {
  let size = 0;
  if (body) for await (const chunk of body) size += chunk.byteLength;
  return size;
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

function readPairs(value: unknown): [string, string][] {
  if (!Array.isArray(value)) throw new TypeError("The callee did not list its headers");
  return value.map((pair: unknown) => (Array.isArray(pair) ? [String(pair[0]), String(pair[1])] : ["", ""]));
}

const nameOf = (reason: unknown): string =>
  reason instanceof Error || reason instanceof DOMException ? reason.name : "";

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const value = await promise.then(
    () => undefined,
    (error: unknown) => error ?? new Error("rejected with nothing"),
  );
  if (value === undefined) throw new Error("Expected a rejection");
  return value;
}

async function within<T>(promise: Promise<T> | T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing happened within ${patience} ms`)), patience);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + patience;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`Did not come true within ${patience} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function same<T>(actual: T, expected: T): void {
  if (!Object.is(actual, expected))
    throw new Error(`Expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}
