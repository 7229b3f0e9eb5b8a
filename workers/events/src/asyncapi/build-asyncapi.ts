import {
  deadLetterQueueOf,
  type EventContract,
  envelope,
  events,
  eventsQueue,
  inboxQueueOf,
  legacyNameOf,
  subscriptions,
} from "@trivet/contracts";
import { z } from "zod";

/** Whatever says what there is: the catalogue of `packages/contracts`, and who listens. */
export interface Catalogue {
  events: readonly EventContract[];
  subscriptions: Readonly<Record<string, readonly string[]>>;
}

const own: Catalogue = { events: Object.values(events), subscriptions };

/** All events as an AsyncAPI 3.0 document: what each says, who announces it, and who listens. */
export function buildAsyncApi({ events: all, subscriptions: heard }: Catalogue = own) {
  const services = [...new Set(all.map(({ service }) => service))].toSorted();
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Trivet events",
      version: "0.1.0",
      description:
        "What services announce. Delivered at least once and in any order; an event that comes again has the same `id`. Events carry ids and facts, no personal data. `POST /events` takes them by hand, by the older names of each message (`x-legacy-name`) as well.",
    },
    defaultContentType: "application/json",
    channels: {
      [eventsQueue]: {
        address: eventsQueue,
        description: "All events, from the outboxes of those who announce them to the log.",
        messages: messagesOf(all.map(({ name }) => name)),
      },
      ...Object.fromEntries(
        Object.entries(heard).map(([service, names]) => [
          inboxQueueOf(service),
          {
            address: inboxQueueOf(service),
            description: `What ${service} listens to, from the log. What it cannot handle goes to ${deadLetterQueueOf(inboxQueueOf(service))}.`,
            messages: messagesOf(names),
          },
        ]),
      ),
    },
    operations: {
      ...Object.fromEntries(
        services.map((service) => [
          `${service}.announces`,
          operation(
            "send",
            eventsQueue,
            all.filter((event) => event.service === service).map(({ name }) => name),
          ),
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(heard).map(([service, names]) => [
          `${service}.hears`,
          operation("receive", inboxQueueOf(service), names),
        ]),
      ),
    },
    components: { messages: Object.fromEntries(all.map((event) => [event.name, messageOf(event)])) },
  };
}

const messagesOf = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));

const operation = (action: "send" | "receive", channel: string, names: readonly string[]) => ({
  action,
  channel: { $ref: `#/channels/${channel}` },
  messages: names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
});

function messageOf({ name, version, service, summary, data }: EventContract) {
  const whole = envelope.extend({
    event: z.literal(name),
    version: z.literal(version),
    service: z.literal(service),
    data,
  });
  // JSON Schema draft 7 is what AsyncAPI takes a payload for that says no more of itself.
  const { $schema: _, ...payload } = z.toJSONSchema(whole, { target: "draft-7" });
  return {
    ...{ name, title: name, summary, contentType: "application/json", payload },
    "x-legacy-name": legacyNameOf(name),
  };
}
