import { type Database, inboxTable, once, openDatabase } from "@trivet/db";
import type { DatabaseBinding, QueueMessage, WorkerModule } from "@trivet/platform";
import { integer, pgSchema, text } from "drizzle-orm/pg-core";

/** What a job is. */
export interface Job {
  id: string;
  number: number;
  /** Milliseconds between its beginning and its effect. */
  takes: number;
  /** It fails at every attempt, until the poison is gone. */
  poisoned?: boolean;
  /** It says when it begins. */
  announced?: boolean;
}

const schema = pgSchema("fault");
const inbox = inboxTable(schema);
const effects = schema.table("effects", { number: integer("number").notNull() });
const beginnings = schema.table("beginnings", {
  number: integer("number").notNull(),
  worker: text("worker").notNull(),
});
const self = crypto.randomUUID();
const antidotes = schema.table("antidotes", { number: integer("number").notNull() });

/** Each job has one effect, in the transaction that notes the job's id: a second delivery has none. */
const worker: WorkerModule<{ DB: DatabaseBinding }> = {
  fetch: () => new Response("ok"),
  async queue({ messages }, { DB }) {
    const db = openDatabase(DB, { service: "fault", defer: () => undefined });
    await Promise.all(messages.map((message) => handle(db, message)));
  },
};

export default worker;

async function handle(db: Database, message: QueueMessage): Promise<void> {
  const job = jobOf(message);
  if (job.poisoned && (await db.select().from(antidotes)).length === 0) {
    message.retry({ cause: new Error(`job ${job.number} is poisoned`) });
    return;
  }
  if (job.announced) await db.insert(beginnings).values({ number: job.number, worker: self });
  await new Promise((resolve) => setTimeout(resolve, job.takes));
  await db.transaction(async (tx) => {
    await once(tx, inbox, { id: job.id, event: "job" }, async () => {
      await tx.insert(effects).values({ number: job.number });
    });
  });
}

/** The runs send nothing else. */
const jobOf = ({ body }: QueueMessage): Job => body as Job;
