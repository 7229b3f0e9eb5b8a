import type { MessageBatch, QueueBinding, QueueMessage, WorkerModule } from "@trivet/platform";
import type { Act, BodySpec, Entry, Metrics, Order, SendRequest, SendSpec } from "./orders.ts";

/** What has been delivered so far, by run. A message that is no order is of the run that its queue names. */
const entries = new Map<string, Entry[]>();

/** A Worker that sends what it is told to over HTTP, and handles messages as they tell it to. */
const worker: WorkerModule<Record<string, unknown>> = {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/log") return Response.json(entries.get(url.searchParams.get("run") ?? "") ?? []);
    if (url.pathname === "/logs") return Response.json(Object.fromEntries(entries));
    if (url.pathname === "/metrics") return Response.json(await metrics(env, url.searchParams.get("binding") ?? ""));
    if (url.pathname === "/send") return Response.json(await send(env, asRequest(await request.json())));
    return new Response("ok");
  },

  queue(batch) {
    note(batch);
    let failed = false;
    for (const message of batch.messages) {
      const order = orderOf(message);
      // A dead letter is only noted.
      const acts = /^d\d*$/.test(batch.queue) ? [] : order?.acts[message.attempts - 1];
      for (const act of acts ?? []) {
        if (act === "throw") failed = true;
        else perform(act, message, batch);
      }
    }
    if (failed) throw new Error("as ordered");
  },
};

export default worker;

function perform(act: Exclude<Act, "throw">, message: QueueMessage, batch: MessageBatch): void {
  const { kind, ...options } = typeof act === "string" ? { kind: act } : act;
  if (kind === "ack") message.ack();
  else if (kind === "retry") message.retry(options);
  else if (kind === "ackAll") batch.ackAll();
  else batch.retryAll(options);
}

function note({ queue, messages }: MessageBatch): void {
  const at = Date.now();
  const runs = Map.groupBy(messages, (message) => orderOf(message)?.run ?? queue);
  for (const [run, own] of runs) {
    const noted = own.map((message) => ({
      name: orderOf(message)?.name ?? "",
      attempts: message.attempts,
      id: message.id,
      sentAt: message.timestamp.getTime(),
      ...(message.cause !== undefined && { cause: message.cause }),
      ...(orderOf(message) === undefined && { body: describe(message.body) }),
    }));
    entries.set(run, [...(entries.get(run) ?? []), { queue, at, messages: noted }]);
  }
}

/** What the suite sends as JSON is an order. */
const orderOf = ({ body }: QueueMessage): Order | undefined =>
  typeof body === "object" && body !== null && "acts" in body ? (body as Order) : undefined;

const asRequest = (body: unknown): SendRequest => body as SendRequest;

function describe(body: unknown): string {
  if (body instanceof ArrayBuffer) return `ArrayBuffer ${[...new Uint8Array(body)].join(",")}`;
  if (body instanceof Map) return `Map ${JSON.stringify([...body])}`;
  if (body instanceof Date) return `Date ${body.toISOString()}`;
  const text = JSON.stringify(body) ?? "undefined";
  return `${typeof body} ${text.length > 60 ? text.length : text}`;
}

async function metrics(env: Record<string, unknown>, binding: string): Promise<Metrics> {
  const { backlogCount, backlogBytes, oldestMessageTimestamp } = await asQueue(env[binding]).metrics();
  return { backlogCount, backlogBytes, oldest: oldestMessageTimestamp?.getTime() ?? 0 };
}

const asQueue = (binding: unknown): QueueBinding => binding as QueueBinding;

/** `sent`, or the error's name and message. */
async function send(env: Record<string, unknown>, { binding, messages, batch }: SendRequest): Promise<string> {
  const queue = asQueue(env[binding]);
  try {
    if (batch) {
      await queue.sendBatch(messages.map(requestOf), batch);
    } else {
      for (const message of messages) {
        const { body, ...options } = requestOf(message);
        await queue.send(body, options);
      }
    }
    return "sent";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

/** Also what is wrong on purpose. */
const requestOf = ({ body, ...options }: SendSpec) => ({ ...(options as object), body: bodyOf(body) });

const made: Record<string, () => unknown> = {
  undefined: () => undefined,
  map: () => new Map([["a", new Date(0)]]),
  date: () => new Date(0),
  "128000 bytes": () => "x".repeat(127_998),
  "128001 bytes": () => "x".repeat(127_999),
  "100000 bytes": () => "x".repeat(99_998),
  circle: () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    return circle;
  },
};

function bodyOf(spec: BodySpec): unknown {
  if ("json" in spec) return spec.json;
  if ("text" in spec) return spec.text;
  if ("bytes" in spec) return new Uint8Array(spec.bytes);
  return made[spec.made]?.();
}
