import {
  AckPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { connect, type NatsConnection, nanos } from "@nats-io/transport-node";

import type { NatsSettings } from "./servers.ts";

/** Seconds after which what a process does not say it still works on is another's. */
export const ackWait = 8;
/** Within this time a message that is published twice is stored once. */
const duplicateWindow = 120;
const reconnectPause = 250;

/** JetStream, and the streams that have been made in it. */
export interface Jet {
  connection: NatsConnection;
  client: JetStreamClient;
  manager: JetStreamManager;
  /** Makes a queue's stream and its consumer, unless they are there; resolves to the stream's name. */
  ensure(queue: string): Promise<string>;
}

export const durable = "worker";

/** `prefix` tells the streams of one system from another's on the same server. */
export async function openJet({ prefix, ...server }: NatsSettings): Promise<Jet> {
  const connection = await connect({
    ...server,
    name: "trivet queues",
    maxReconnectAttempts: -1,
    reconnectTimeWait: reconnectPause,
  });
  const manager = await jetstreamManager(connection);
  const made = new Map<string, Promise<string>>();
  return {
    connection,
    client: jetstream(connection),
    manager,
    ensure(queue) {
      const known = made.get(queue);
      if (known !== undefined) return known;
      const making = makeStream(manager, streamOf(prefix, queue), subjectOf(prefix, queue)).catch((error: unknown) => {
        made.delete(queue);
        throw error;
      });
      made.set(queue, making);
      return making;
    },
  };
}

const streamOf = (prefix: string, queue: string): string => `${prefix}-${queue}`;
export const subjectOf = (prefix: string, queue: string): string => `${prefix}.${queue}`;

/** Each message is one consumer's and goes with its acknowledgement. A full disk refuses what comes, and drops nothing. */
async function makeStream(manager: JetStreamManager, name: string, subject: string): Promise<string> {
  await manager.streams.add({
    name,
    subjects: [subject],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    duplicate_window: nanos(duplicateWindow * 1_000),
  });
  await manager.consumers.add(name, {
    durable_name: durable,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWait * 1_000),
    // How often is the queue's consumer to say, and what waits for its delay counts as pending.
    max_deliver: -1,
    max_ack_pending: -1,
  });
  return name;
}

/** Takes away all that was made under a prefix, messages included. */
export async function removeStreams(servers: string, prefix: string): Promise<void> {
  const connection = await connect({ servers: servers.split(",") });
  const manager = await jetstreamManager(connection);
  for await (const name of manager.streams.names(`${prefix}.*`)) await manager.streams.delete(name);
  await connection.close();
}
