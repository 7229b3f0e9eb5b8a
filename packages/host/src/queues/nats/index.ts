export { removeStreams } from "./connection.ts";
export { natsQueues } from "./driver.ts";
