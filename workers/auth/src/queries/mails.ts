import type { Database, Transaction } from "@trivet/db";
import { desc, gt, lt } from "drizzle-orm";
import { mails } from "../tables.ts";

export async function insertMail(db: Database | Transaction, mail: typeof mails.$inferInsert): Promise<void> {
  await db.insert(mails).values(mail);
}

/** The newest hundred that have not expired. */
export async function listMails(db: Database, now: Date) {
  return await db.select().from(mails).where(gt(mails.expiresAt, now)).orderBy(desc(mails.id)).limit(100);
}

export async function sweepMails(db: Database, now: Date): Promise<void> {
  await db.delete(mails).where(lt(mails.expiresAt, now));
}
