/** Migrating stopped; the message says why and how to mend it, for an operator to read. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/** Nobody answers where the database should be. */
export class UnreachableError extends MigrationError {
  /** As in `the database trivet at 127.0.0.1:5432`: without user and password. */
  readonly where: string;
  /** The system's, such as ECONNREFUSED. */
  readonly code: string;

  constructor(where: string, code: string, cause: unknown) {
    super(`Cannot reach ${where} (${code}).`, { cause });
    this.where = where;
    this.code = code;
  }
}
