export type { MigrationState, MigrationTarget } from "./applied.ts";
export { bootstrap } from "./bootstrap.ts";
export { migrateDown, migrateUp, migrationStatus } from "./migrate.ts";
export { MigrationError, UnreachableError } from "./migration-error.ts";
export { type Migration, type MigrationFile, parseMigrations } from "./parse.ts";
export { serviceUrl } from "./service-url.ts";
export { type SchemaSnapshot, snapshotSchema } from "./snapshot.ts";
