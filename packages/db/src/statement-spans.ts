import { beginSpan, type Invocation, type OpenSpan, type SpanAttributes } from "@trivet/platform";
import { summaryOf } from "./statement-summary.ts";

/** What the spans of statements lie below. */
export type StatementsOf = Pick<Invocation, "service" | "trace" | "spans">;

/**
 * Tells of each statement of one invocation a span by OpenTelemetry's conventions
 * (https://opentelemetry.io/docs/specs/semconv/database/postgresql/): what was done to which tables, how long its caller
 * waited, for a connection too, and the SQLSTATE it failed with. Never the text of the statement, nor its values.
 */
export class StatementSpans {
  readonly #invocation: StatementsOf;
  readonly #place: SpanAttributes;

  constructor(invocation: StatementsOf, connectionString: string) {
    this.#invocation = invocation;
    this.#place = placeOf(connectionString, invocation.service);
  }

  /** Of a statement that drizzle has written. */
  async around<Answer>(text: string, work: () => Promise<Answer>): Promise<Answer> {
    const end = this.begin(summaryOf(text));
    try {
      const answer = await work();
      end();
      return answer;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  /** `summary` begins with the operation, as in `SELECT auth.users` or `COMMIT`. */
  begin(summary: string): (error?: unknown) => void {
    const span: OpenSpan = beginSpan(this.#invocation, "client", summary);
    const [operation = summary] = summary.split(" ", 1);
    return (error) => {
      const state = error === undefined ? undefined : stateOf(error);
      span.end(
        {
          ...this.#place,
          "db.operation.name": operation,
          "db.query.summary": summary,
          ...(state !== undefined && { "db.response.status_code": state, "error.type": state }),
        },
        state ?? error,
      );
    };
  }
}

/** A SQLSTATE, or the driver's word for what became of its connection. */
const stateOf = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;

/** A service's tables are in the schema of its name. Of several hosts the first is named; credentials never are. */
function placeOf(connectionString: string, schema: string): SpanAttributes {
  const [, host, port, database] =
    /^[a-z]+:\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^:/?,]*)(?::(\d+))?[^/?]*(?:\/([^?]*))?/.exec(connectionString) ?? [];
  return {
    "db.system.name": "postgresql",
    "db.namespace": database ? `${decodeURIComponent(database)}|${schema}` : schema,
    ...(host && { "server.address": host }),
    ...(host && port !== undefined && port !== "5432" && { "server.port": Number(port) }),
  };
}
