/** A fault that the operator can mend; the message is a sentence that says how. */
export class PostgresError extends Error {
  override readonly name = "PostgresError";
}

/** The code of a system or SQL error (`ENOENT`, `3D000`), or undefined. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
