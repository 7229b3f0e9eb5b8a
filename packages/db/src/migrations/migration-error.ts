/** Migrating stopped; the message says why and how to mend it, for an operator to read. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}
