import { randomBytes } from "node:crypto";
import process from "node:process";
import { postgresQueues, type QueueDriver } from "@trivet/host/queues";
import { natsQueues, removeStreams } from "@trivet/host/queues/nats";
import { createStore } from "@trivet/host/store";
import { createTestDatabase } from "../../database/create-test-database.ts";

/** What the host keeps queues in. */
export const queueDrivers = ["postgres", "NATS"] as const;
export type QueueDriverName = (typeof queueDrivers)[number];

const { NATS_URL } = process.env;

/** Those that there is a server for. */
export const availableDrivers: readonly QueueDriverName[] = NATS_URL ? queueDrivers : ["postgres"];

/** Queues of one test's own. */
export interface QueueHome {
  /** By which a host finds them. */
  env: Record<string, string>;
  adminUrl: string;
  /** The same queues, in this process. */
  driver: QueueDriver;
  close(): Promise<void>;
}

/** On the NATS of NATS_URL, or on another one. */
export async function openQueueHome(name: QueueDriverName, natsUrl = NATS_URL): Promise<QueueHome> {
  const { env, adminUrl, urls, drop } = await createTestDatabase();
  const store = createStore(urls.host ?? "");
  const prefix = `test${randomBytes(4).toString("hex")}`;
  const nats = name === "NATS" && natsUrl ? { NATS_URL: natsUrl, NATS_PREFIX: prefix } : undefined;
  const driver = nats ? natsQueues({ servers: nats.NATS_URL.split(","), prefix }) : postgresQueues(store.database);
  return {
    env: { ...env, ...nats },
    adminUrl,
    driver,
    async close() {
      await driver.close();
      if (nats) await removeStreams(nats.NATS_URL, prefix);
      await store.close();
      await drop();
    },
  };
}
