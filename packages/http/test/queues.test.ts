import { createWorker, defineService, serviceEnv } from "@trivet/http";
import { handledQueues, type Invocation, type MessageBatch, type QueueMessage } from "@trivet/platform";
import { beforeEach, describe, expect, test } from "vitest";
import { publicUrl } from "./fixture/issuer.ts";
import { logged, serviceSecret } from "./fixture/running.ts";

const trace = { trace_id: "4bf92f3577b34da6a3ce929d0e0e4736", span_id: "00f067aa0ba902b7" };

function start() {
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
        rows: {
          async batch(_, { messages, retryAll }) {
            if (messages.length > 2) retryAll();
            if (messages.length === 0) throw new Error("nothing to write");
          },
        },
      },
    }),
  );
  const env = { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret };
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
    settled: () => Promise.all(pending),
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
    await expect(service.deliver("letters", ["a"])).rejects.toThrow(`${nobody} "letters"; it has mails, rows.`);
    await expect(service.deliver("constructor", ["a"])).rejects.toThrow(nobody);
    expect(service.verdicts).toEqual([]);
  });

  test("the Worker tells the host which queues it handles", () => {
    expect(start().worker[handledQueues]).toEqual(["mails", "rows"]);
  });
});
