export * from "./calls/analytics.ts";
export * from "./calls/auth.ts";
export * from "./calls/users.ts";
export * from "./events/catalogue.ts";
export * from "./events/envelope.ts";
export * from "./events/queues.ts";
export * from "./events/replay.ts";
export * from "./text.ts";
