import { inboxQueueOf, settingsUpdated, userCreated, userDeleted } from "@trivet/contracts";
import { createWorker, defineService, routesFor, serviceEnv } from "@trivet/http";
import { handledQueues, newId, type QueueMessage } from "@trivet/platform";
import { beforeEach, describe, expect, test } from "vitest";
import { publicUrl } from "./fixture/issuer.ts";
import { serviceSecret } from "./fixture/running.ts";

let handled: string[] = [];
const { on } = routesFor<{ seen: string[] }>();

const listener = defineService({
  name: "listener",
  version: "1",
  summary: "",
  env: serviceEnv,
  deps: () => ({ seen: handled }),
  routes: [],
  events: [
    on(userCreated, async ({ seen }, data, envelope) => {
      seen.push(`created ${data.userId} by ${envelope.service}`);
    }),
    on(userDeleted, async () => {
      throw new Error("the database is gone");
    }),
  ],
});
const worker = createWorker(listener);

const userId = newId();
const envelopeOf = (event: string, changes: object = {}) => ({
  id: newId(),
  event,
  version: 1,
  service: "auth",
  subject: userId,
  timestamp: new Date().toISOString(),
  trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
  span_id: "00f067aa0ba902b7",
  data: { userId },
  ...changes,
});

interface Verdict {
  verdict: "ack" | "retry";
  delaySeconds?: number | undefined;
  cause?: unknown;
}

async function deliver(body: unknown, attempts = 1): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const message: QueueMessage = {
    ...{ id: "1", timestamp: new Date(), body, attempts },
    ack: () => void verdicts.push({ verdict: "ack" }),
    retry: (options) => void verdicts.push({ verdict: "retry", ...options }),
  };
  const batch = { queue: inboxQueueOf("listener"), messages: [message], ackAll: () => {}, retryAll: () => {} };
  const env = { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret };
  await worker.queue(batch, env, { waitUntil: () => undefined });
  return verdicts;
}

beforeEach(() => {
  handled = [];
});

describe("an event in the inbox of a service", () => {
  test("reaches its handler, and is acknowledged", async () => {
    expect(await deliver(envelopeOf(userCreated.name))).toEqual([{ verdict: "ack" }]);
    expect(handled).toEqual([`created ${userId} by auth`]);
  });

  test("that nobody here listens to is acknowledged", async () => {
    expect(await deliver(envelopeOf(settingsUpdated.name))).toEqual([{ verdict: "ack" }]);
    expect(await deliver(envelopeOf("not.known"))).toEqual([{ verdict: "ack" }]);
    expect(handled).toEqual([]);
  });

  test("whose handler fails comes again, each time later, up to ten minutes", async () => {
    const waits: (number | undefined)[] = [];
    for (const attempts of [1, 2, 3, 10, 11, 21]) {
      const [verdict] = await deliver(envelopeOf(userDeleted.name), attempts);
      expect(verdict).toMatchObject({ verdict: "retry", cause: new Error("the database is gone") });
      waits.push(verdict?.delaySeconds);
    }
    expect(waits).toEqual([1, 2, 4, 512, 600, 600]);
  });

  test.each([
    ["that lacks an envelope's members", envelopeOf(userCreated.name, { id: "1", trace_id: "x" })],
    ["with data of another shape", envelopeOf(userCreated.name, { data: { userId: "nobody" } })],
    ["that is no object", "user.created"],
  ])("%s is not acknowledged, and no handler sees it", async (_, body) => {
    expect(await deliver(body)).toMatchObject([{ verdict: "retry" }]);
    expect(handled).toEqual([]);
  });

  test("comes by a queue that the host is told of", () => {
    expect(worker[handledQueues]).toEqual(["inbox-listener"]);
  });
});
