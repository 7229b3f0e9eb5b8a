export { describeServer } from "./describe-server.ts";
export { errorCode, PostgresError } from "./errors.ts";
export { startEmbeddedPostgres } from "./start-embedded-postgres.ts";
export { runAfterDeath } from "./watch-over.ts";
