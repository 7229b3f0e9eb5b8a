import { openDatabase } from "@trivet/db";
import type { DatabaseBinding, WorkerModule } from "@trivet/platform";
import { sql } from "drizzle-orm";

/** A job that says when it runs, by the database's clock. */
export interface TimedJob {
  name: string;
  /** Milliseconds of its first attempt; another is over at once. */
  takes: number;
}

/** Stands in for the migrations. */
export const timedSchema = `CREATE SCHEMA timed; CREATE TABLE timed.runs (
  id bigint GENERATED ALWAYS AS IDENTITY, name text NOT NULL,
  began timestamptz NOT NULL DEFAULT clock_timestamp(), ended timestamptz)`;

/** Handles what one batch holds, one after the other. */
const worker: WorkerModule<{ DB: DatabaseBinding }> = {
  fetch: () => new Response("ok"),
  async queue({ messages }, { DB }) {
    const db = openDatabase(DB, { service: "timed", defer: () => undefined });
    for (const { body, attempts } of messages) {
      const { name, takes } = body as TimedJob;
      const [run] = await db.execute<{ id: string }>(
        sql`INSERT INTO timed.runs (name) VALUES (${name}) RETURNING id::text`,
      );
      await new Promise((resolve) => setTimeout(resolve, attempts === 1 ? takes : 0));
      await db.execute(sql`UPDATE timed.runs SET ended = clock_timestamp() WHERE id = ${run?.id}::bigint`);
    }
  },
};

export default worker;
