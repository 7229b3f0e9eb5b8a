import postgres from "postgres";
import type { Probe } from "../timed.ts";

export interface CommitProbe {
  probe: Probe;
  end(): Promise<void>;
}

/** A transaction that writes to the log of a database's server and stores nothing, on a connection of its own. */
export function commitProbe(adminUrl: string): CommitProbe {
  const sql = postgres(adminUrl, { max: 1, onnotice: () => {} });
  return {
    probe: () => sql`SELECT pg_logical_emit_message(true, 'trivet', '')`,
    end: () => sql.end(),
  };
}
