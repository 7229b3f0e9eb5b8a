import { createWorker, defineService, serviceEnv } from "@trivet/http";
import { beginSpan, handledQueues, type Invocation, type MessageBatch, type QueueMessage } from "@trivet/platform";
import { startCollector } from "@trivet/testing/traces";
import { beforeEach, describe, expect, test } from "vitest";
import { publicUrl } from "./fixture/issuer.ts";
import { logged, serviceSecret } from "./fixture/running.ts";

const trace = { trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7" };

function start(variables: Record<string, string> = {}) {
  const handled: { invocation: Invocation; body: unknown }[] = [];
  const verdicts: string[] = [];
  const given: string[] = [];
  const pending: Promise<unknown>[] = [];
  const worker = createWorker(
    defineService({
      name: "worker",
      version: "0.0.0",
      summary: "",
      env: serviceEnv,
      deps: (scope) => scope,
      routes: [],
      queues: {
        async mails({ invocation }, { body }) {
          handled.push({ invocation, body });
          invocation.defer(async () => void given.push("given back"));
          if (body === "poison") throw new Error("the roof is on fire");
        },
        async later({ invocation }) {
          const work = async () => {
            for (const name of ["first", "second", "third"]) {
              await new Promise((resolve) => setImmediate(resolve));
              beginSpan(invocation, "internal", name).end();
            }
          };
          invocation.waitUntil(work());
        },
        rows: {
          async batch({ invocation }, { messages, retryAll }) {
            handled.push({ invocation, body: messages.map(({ body }) => body) });
            if (messages.length > 2) retryAll();
            if (messages.length === 0) throw new Error("nothing to write");
          },
        },
      },
    }),
  );
  const env = { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret, ...variables };
  const context = { waitUntil: (promise: Promise<unknown>) => void pending.push(promise) };
  const message = (body: unknown): QueueMessage => ({
    id: "1",
    timestamp: new Date(),
    body,
    attempts: 1,
    ack: () => void verdicts.push("ack"),
    retry: (options) => void verdicts.push(`retry: ${String(options?.cause)}`),
  });
  const batchOf = (queue: string, bodies: unknown[]): MessageBatch => ({
    queue,
    messages: bodies.map(message),
    ackAll: () => void verdicts.push("ackAll"),
    retryAll: () => void verdicts.push("retryAll"),
  });
  return {
    handled,
    verdicts,
    given,
    worker,
    deliver: async (queue: string, bodies: unknown[]) => await worker.queue(batchOf(queue, bodies), env, context),
    settled: async () => {
      for (let done = 0; done < pending.length; done += 1) await pending[done];
    },
    metrics: async () => await (await worker.fetch(new Request("http://worker/metrics"), env, context)).text(),
  };
}

beforeEach(() => {
  logged.length = 0;
});

describe("queues of a service", () => {
  test("each message is a job of its own, in the trace of the event it carries", async () => {
    const service = start();
    await service.deliver("mails", [{ ...trace, event: "user.created" }, { to: "b" }]);
    await service.settled();
    const [first, second] = service.handled.map(({ invocation }) => invocation);
    expect(first?.actor).toEqual({ kind: "job", name: "queue:mails" });
    expect(first?.trace).toMatchObject({ traceId: trace.trace_id, parentId: trace.span_id });
    expect(second?.trace.parentId).toBeUndefined();
    expect(second?.trace.traceId).not.toBe(trace.trace_id);
    expect(service.given).toEqual(["given back", "given back"]);
  });

  test("one that fails is retried with its cause, and the others of its batch are acknowledged", async () => {
    const service = start();
    await service.deliver("mails", ["a", "poison", "c"]);
    expect(service.verdicts).toEqual(["ack", "retry: Error: the roof is on fire", "ack"]);
    expect(service.handled.map(({ body }) => body)).toEqual(["a", "poison", "c"]);
  });

  test("each message is one log line and one count", async () => {
    const service = start();
    await service.deliver("mails", ["a", "poison"]);
    const [done, failed] = logged.map((line): Record<string, unknown> => JSON.parse(line));
    expect(done).toMatchObject({ level: "INFO", properties: { queue: "mails", status: "succeeded", messages: 1 } });
    expect(failed).toMatchObject({ level: "ERROR", properties: { queue: "mails", status: "failed" } });
    expect(JSON.stringify(failed)).toContain("the roof is on fire");
    const metrics = await service.metrics();
    const count = (status: string) =>
      `background_jobs_total{service="worker",job_type="queue:mails",status="${status}"} 1`;
    expect(metrics).toContain(count("succeeded"));
    expect(metrics).toContain(count("failed"));
  });

  test("a handler of whole batches says itself what becomes of them", async () => {
    const service = start();
    await service.deliver("rows", [1, 2, 3]);
    expect(service.verdicts).toEqual(["retryAll"]);
    await expect(service.deliver("rows", [])).rejects.toThrow("nothing to write");
    expect(await service.metrics()).toContain('job_type="queue:rows",status="succeeded"} 3');
  });

  test("a queue without a handler is a failure that names those there are", async () => {
    const service = start();
    const nobody = "worker has no handler for the queue";
    await expect(service.deliver("letters", ["a"])).rejects.toThrow(`${nobody} "letters"; it has mails, later, rows.`);
    await expect(service.deliver("constructor", ["a"])).rejects.toThrow(nobody);
    expect(service.verdicts).toEqual([]);
  });

  test("the Worker tells the host which queues it handles", () => {
    expect(start().worker[handledQueues]).toEqual(["mails", "later", "rows"]);
  });
});

test("what a job does after it has ended is told of in one request, when all of it is done", async () => {
  await using collector = await startCollector();
  const service = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  await service.deliver("later", [trace]);
  await service.settled();
  expect(collector.spans.map(({ name }) => name)).toEqual(["process later", "first", "second", "third"]);
  expect(collector.headers).toHaveLength(2);
});

describe("the trace of a batch that is handled as a whole", () => {
  const other = { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" };

  async function spansOf(bodies: unknown[]) {
    await using collector = await startCollector();
    const service = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await service.deliver("rows", bodies);
    await service.settled();
    return { spans: collector.spans, requests: collector.headers.length, trace: service.handled[0]?.invocation.trace };
  }

  test("is that of the work which sent it, where that is one", async () => {
    const { spans } = await spansOf([trace, { ...trace, n: 2 }]);
    expect(spans).toMatchObject([
      { name: "process rows", kind: "consumer", traceId: trace.trace_id, parentSpanId: trace.span_id, links: [] },
    ]);
    expect(spans[0]?.attributes).toMatchObject({
      "messaging.destination.name": "rows",
      "messaging.batch.message_count": 2,
    });
  });

  test("is its own where it comes from several, in each of which it has a span; they link to one another", async () => {
    const { spans, requests, trace: own } = await spansOf([trace, other, { n: 3 }, other]);
    const linked = { traceId: own?.traceId, spanId: own?.spanId };
    expect(spans).toHaveLength(3);
    expect(spans).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          ...linked,
          links: [
            { traceId: trace.trace_id, spanId: trace.span_id },
            { traceId: other.trace_id, spanId: other.span_id },
          ],
        }),
        ...[trace, other].map((from) =>
          expect.objectContaining({ traceId: from.trace_id, parentSpanId: from.span_id, links: [linked] }),
        ),
      ]),
    );
    expect(requests).toBe(1);
  });

  test("is of the sampled part by its own id, whatever its messages are", async () => {
    await using collector = await startCollector();
    const service = start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: "0" });
    await service.deliver("rows", [trace, other]);
    await service.settled();
    expect(collector.spans).toEqual([]);
  });
});
