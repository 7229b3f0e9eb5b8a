import { pathToFileURL } from "node:url";
import { deadLetterQueueOf, eventsQueue, inboxQueueOf, inboxRetries, subscriptions } from "@trivet/contracts";
import { type Manifest, readManifests } from "@trivet/host";
import { handledQueues, type WorkerModule } from "@trivet/platform";
import { describe, expect, test } from "vitest";
import { root } from "../src/root.ts";

const { manifests } = readManifests(root);
const manifestOf = (service: string): Manifest => {
  const found = manifests.find((manifest) => manifest.service === service);
  if (!found) throw new Error(`There is no service ${service}.`);
  return found;
};

const produced = (service: string) => manifestOf(service).queues.producers;
const consumed = (service: string, queue: string) =>
  manifestOf(service).queues.consumers.find((consumer) => consumer.queue === queue);

// The host refuses to start otherwise; Cloudflare would not.
describe("the queues that a wrangler.toml consumes are those that the service handles", () => {
  test.each(manifests)("$file", async ({ main, queues }) => {
    const loaded: { default: WorkerModule } = await import(pathToFileURL(main).href);
    expect([...(loaded.default[handledQueues] ?? [])].sort()).toEqual(
      queues.consumers.map(({ queue }) => queue).sort(),
    );
  });
});

describe("who listens to something, by the table of packages/contracts", () => {
  test.each(Object.keys(subscriptions))(
    "%s: events sends to its inbox, it consumes it, events buries its dead",
    (service) => {
      const inbox = inboxQueueOf(service);
      const dead = deadLetterQueueOf(inbox);
      expect(produced("events")).toContainEqual({ binding: expect.any(String), queue: inbox, deliveryDelay: 0 });
      expect(consumed(service, inbox)).toMatchObject({
        maxBatchTimeout: 0,
        maxRetries: inboxRetries,
        deadLetterQueue: dead,
      });
      expect(consumed("events", dead)).toMatchObject({ maxRetries: 100, deadLetterQueue: undefined });
    },
  );

  test.each(Object.entries(subscriptions))(
    "%s has a handler for each of its events, and no others",
    async (service, names) => {
      const module: Record<string, unknown> = await import(
        pathToFileURL(manifestOf(service).main.replace("worker.ts", "service.ts")).href
      );
      const { events = [] } = Object(module[service]);
      expect(events.map(({ event }: { event: { name: string } }) => event.name).sort()).toEqual([...names].sort());
    },
  );

  test("nobody else has an inbox", () => {
    const inboxes = manifests.flatMap(({ queues }) => queues.consumers.map(({ queue }) => queue));
    expect(inboxes.filter((queue) => queue.startsWith("inbox-") && !queue.endsWith("-dead")).sort()).toEqual(
      Object.keys(subscriptions).map(inboxQueueOf).sort(),
    );
  });
});

test("the queue of events is consumed by events, without waiting, and what it gives up is kept", () => {
  expect(consumed("events", eventsQueue)).toMatchObject({
    maxBatchTimeout: 0,
    maxRetries: 100,
    deadLetterQueue: deadLetterQueueOf(eventsQueue),
  });
  expect(consumed("events", deadLetterQueueOf(eventsQueue))).toMatchObject({ maxRetries: 100 });
});
