export { postgresQueues } from "./driver.ts";
