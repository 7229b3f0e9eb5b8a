export { type Answer, answerOf, type Client, client, type RequestOptions } from "./client.ts";
export { createTestDatabase, type TestDatabase } from "./database/create-test-database.ts";
export { type Credentials, login, newCredentials, type Person, register } from "./people.ts";
export { type Runtime, runtimeNames } from "./system/start-process.ts";
export { type System, type SystemOptions, startSystem } from "./system/start-system.ts";
