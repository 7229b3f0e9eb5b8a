import type { Source } from "../config/index.ts";
import type { Store } from "../store/index.ts";
import type { QueueDriver } from "./driver.ts";
import { readNatsSettings } from "./nats/servers.ts";
import { postgresQueues } from "./postgres/index.ts";

/** Past one box, or where there is one anyway, JetStream, whose client is loaded then only; else the database that is there. */
export async function chooseQueues(source: Source, store: Store): Promise<QueueDriver> {
  const { settings } = readNatsSettings(source);
  if (!settings) return postgresQueues(store.database);
  const { natsQueues } = await import("./nats/index.ts");
  return natsQueues(settings);
}
