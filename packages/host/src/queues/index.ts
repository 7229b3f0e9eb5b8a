export type { QueueConsumer, QueueProducer } from "../manifest/index.ts";
export { queueBinding } from "./binding.ts";
export { chooseQueues } from "./choose.ts";
export { type Consuming, consume } from "./consume.ts";
export type { QueueDriver } from "./driver.ts";
export { readNatsSettings } from "./nats/servers.ts";
export { postgresQueues } from "./postgres/index.ts";
export { createQueues, type Queues } from "./queues.ts";
