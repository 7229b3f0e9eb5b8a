import { type ErrorCode, TrivetError } from "@trivet/platform";
import { DrizzleQueryError } from "drizzle-orm";
import postgres from "postgres";

const { PostgresError } = postgres;

/** Of the network, and of the driver. */
const connectionLosses = [
  ...["ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
  ...["ENOTFOUND", "EAI_AGAIN", "ENOENT"],
  ...["CONNECT_TIMEOUT", "CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED"],
];

/** These, and the SQLSTATEs (Postgres, appendix A) that a repeat may mend. */
const codes = new Map<string, ErrorCode>([
  ...[
    ...connectionLosses,
    // Wrong credentials or no such database: an operator's business, and nothing the caller can mend.
    ...["28000", "28P01", "3D000"],
    // Read-only while a standby takes over; timeouts and shutdowns by the server.
    ...["25006", "25P03", "57P01", "57P02", "57P03", "57P05"],
  ].map((code): [string, ErrorCode] => [code, "unavailable"]),
  ["57014", "deadline_exceeded"],
  ["55P03", "deadline_exceeded"],
  ["40001", "conflict"],
  ["40P01", "conflict"],
]);

/** Connection exceptions, and insufficient resources such as too many connections. */
const unavailableClasses = new Set(["08", "53"]);

/** Failures of a socket in workerd have a message but no code. */
const workerdSocket =
  /^(?:connection (?:attempt failed|refused|lost)|network connection lost|proxy request failed|stream was cancelled|the connection was)/i;

/**
 * What a failure of the database means to a caller: `unavailable`, `deadline_exceeded`, `conflict`,
 * or `internal` for a fault in our SQL. Undefined for any other failure.
 *
 * The cause says what the server said, without the values of the statement, which may be secrets.
 */
export function databaseFault(error: unknown): TrivetError | undefined {
  const wrapped = error instanceof DrizzleQueryError;
  const cause = wrapped ? error.cause : error;
  if (cause instanceof TrivetError) return wrapped ? cause : undefined;
  const code = codeOf(cause);
  const known = code === undefined ? undefined : (codes.get(code) ?? codeOfClass(code));
  if (known === undefined && !wrapped && !(cause instanceof PostgresError)) return undefined;
  const meant = known ?? (isConnectionLoss(cause) ? "unavailable" : "internal");
  return new TrivetError(meant, undefined, {
    cause: withoutValues(cause, wrapped ? error.query : undefined),
    ...(meant === "unavailable" && { retryAfter: 1 }),
  });
}

/** Whether a statement failed because a row like it exists; `constraint` names the index it ran into. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  if (!(cause instanceof PostgresError) || cause.code !== "23505") return false;
  return constraint === undefined || cause.constraint_name === constraint;
}

/** Whether a row is of a range for which its partitioned table has no partition. */
export function isMissingPartition(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof PostgresError && cause.code === "23514" && cause.message.startsWith("no partition");
}

/** Whether Postgres cannot hold a value, which no repeat will change (data exceptions, class 22). */
export function isRefusedValue(error: unknown): boolean {
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  return cause instanceof PostgresError && cause.code.startsWith("22");
}

/** Whether the connection, rather than the server, failed. */
export function isConnectionLoss(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) return connectionLosses.includes(code);
  return error instanceof Error && workerdSocket.test(error.message);
}

/** Whether Postgres undid the transaction for the sake of another one, so that a repeat may succeed. */
export function isTransactionConflict(error: unknown): boolean {
  return databaseFault(error)?.code === "conflict";
}

const codeOfClass = (code: string): ErrorCode | undefined =>
  code.length === 5 && unavailableClasses.has(code.slice(0, 2)) ? "unavailable" : undefined;

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

function withoutValues(cause: unknown, query: string | undefined): Error {
  if (!(cause instanceof Error)) return new Error("The database failed without a reason.");
  const code = codeOf(cause);
  // "invalid input syntax for type uuid: "..."": data exceptions quote what they were given.
  const message = code?.startsWith("22") ? cause.message.replace(/: ".*"$/s, "") : cause.message;
  const bare = new Error([code, message].filter(Boolean).join(" "));
  bare.name = "DatabaseError";
  if (query !== undefined) bare.message += ` in: ${query}`;
  return bare;
}
