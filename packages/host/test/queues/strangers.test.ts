import { randomBytes } from "node:crypto";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Delivery } from "../../src/queues/driver.ts";
import { decodeBody } from "../../src/queues/encoding.ts";
import { natsQueues, removeStreams } from "../../src/queues/nats/index.ts";

const { NATS_URL } = process.env;
const soon = () => AbortSignal.timeout(20_000);

interface Published {
  body: string | Uint8Array;
  said?: Record<string, string>;
}

const send = (connection: NatsConnection, subject: string, { body, said = {} }: Published) => {
  const given = headers();
  for (const [name, value] of Object.entries(said)) given.set(name, value);
  return connection.request(subject, body, { headers: given, timeout: 5_000 });
};

/** What a consumer gets of messages that some other program has put into the stream. */
async function received(server: string, messages: readonly Published[]): Promise<Delivery[]> {
  const prefix = `test${randomBytes(4).toString("hex")}`;
  const driver = natsQueues({ servers: [server], prefix });
  const connection = await connect({ servers: server });
  onTestFinished(async () => {
    await Promise.all([driver.close(), connection.close()]);
    await removeStreams(server, prefix);
  });
  // Which makes the stream.
  await driver.depth("jobs");
  for (const message of messages) await send(connection, `${prefix}.jobs`, message);
  const consumer = driver.consume("jobs", { size: 1, most: undefined });
  const all: Delivery[] = [];
  while (all.length < messages.length) {
    const [delivery] = await consumer.receive(1, soon());
    if (!delivery) throw new Error("It never came.");
    all.push(delivery);
    await consumer.settle(delivery, { kind: "ack" });
  }
  await consumer.close();
  return all;
}

describe.skipIf(!NATS_URL)("what another program puts into a queue on NATS", () => {
  const server = NATS_URL ?? "";

  test("has an id of its own, the time at which it was stored, and a first attempt, whatever it says", async () => {
    const began = Date.now();
    const all = await received(server, [
      { body: "{}" },
      { body: "{}", said: { "Trivet-Id": "", "Trivet-Sent": "yesterday", "Trivet-Attempts": "-5" } },
      { body: "{}", said: { "Trivet-Sent": "99999999999999999", "Trivet-Attempts": "many", "Trivet-Due": "soon" } },
    ]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(3);
    expect(all.map(({ id }) => id)).not.toContain("");
    expect(all.map(({ attempts }) => attempts)).toEqual([1, 1, 1]);
    // Another machine's clock, maybe.
    for (const { sentAt } of all) expect(Math.abs(sentAt - began)).toBeLessThan(60_000);
  });

  test("is read as JSON, else as text, else as bytes, where it says nothing or nothing known", async () => {
    const bytes = new Uint8Array([0xff, 0, 1]);
    const all = await received(server, [
      { body: '{"a":1}' },
      { body: '{"a":1}', said: { "Trivet-Content-Type": "banana" } },
      { body: "{nope" },
      { body: "" },
      { body: bytes },
    ]);
    expect(all.map(decodeBody)).toEqual([{ a: 1 }, { a: 1 }, "{nope", "", bytes.buffer]);
  });
});
