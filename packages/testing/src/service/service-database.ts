import type { DatabaseBinding } from "@trivet/platform";
import postgres from "postgres";
import { createTestDatabase } from "../database/create-test-database.ts";
import { keeping } from "./keeping.ts";

/** An event as it was committed to an outbox. */
export interface Announced {
  event: string;
  subject: string;
  data: unknown;
}

/** A database of its own for a service that runs by itself. */
export interface ServiceDatabase {
  /** With all rights. */
  sql: postgres.Sql;
  /** As the service is given it. */
  binding: Required<DatabaseBinding>;
  /** Every event that was committed to the outbox, oldest first, also those that have left it. */
  announced(): Promise<Announced[]>;
  drop(): Promise<void>;
}

export async function openServiceDatabase(service: string): Promise<ServiceDatabase> {
  const database = await createTestDatabase();
  const sql = postgres(database.adminUrl, { max: 3, onnotice: () => {} });
  const { keep, close } = keeping();
  await noteEvents(sql, service);
  return {
    sql,
    binding: { connectionString: database.urls[service] ?? "", keep },
    announced: async () => [
      ...(await sql<Announced[]>`SELECT event, subject, data FROM public.announced ORDER BY position`),
    ],
    async drop() {
      await close();
      await sql.end();
      await database.drop();
    },
  };
}

/** Events leave the outbox once they are sent, so a trigger notes whatever comes into it. */
async function noteEvents(sql: postgres.Sql, service: string): Promise<void> {
  await sql`
    CREATE TABLE public.announced (position bigint PRIMARY KEY, event text, subject text, data jsonb);
    CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO public.announced VALUES (NEW.position, NEW.event, NEW.subject, NEW.data);
      RETURN NULL;
    END $$`.simple();
  const [outbox] = await sql`SELECT to_regclass(${`${service}.outbox`}) AS name`;
  if (outbox?.name === null) return;
  await sql`CREATE TRIGGER note AFTER INSERT ON ${sql(service)}.outbox FOR EACH ROW EXECUTE FUNCTION public.note()`;
}
