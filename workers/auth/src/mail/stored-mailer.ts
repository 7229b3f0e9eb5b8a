import type { Database } from "@trivet/db";
import { newId } from "@trivet/platform";
import { z } from "zod";
import { insertMail, listMails } from "../queries/mails.ts";
import { seal, unseal } from "../tokens/seal.ts";
import type { Mail, Mailer } from "./mailer.ts";

const mailShape = z.object({ to: z.string(), subject: z.string(), text: z.string(), html: z.string().optional() });

/**
 * Keeps mails until somebody sends them or they expire: in development the mailbox shows them. They
 * are sealed, because a link in them is as good as a password.
 */
export const storedMailer = (secret: string): Mailer => ({
  async send(db, mail, expiresAt) {
    await insertMail(db, { id: newId(), sealed: await seal(secret, JSON.stringify(mail)), expiresAt });
  },
});

export interface StoredMail extends Mail {
  id: string;
  createdAt: Date;
}

/** Newest first. */
export async function readMails(db: Database, secret: string): Promise<StoredMail[]> {
  const rows = await listMails(db, new Date());
  return await Promise.all(
    rows.map(async ({ id, createdAt, sealed }) => ({
      id,
      createdAt,
      ...mailShape.parse(JSON.parse(await unseal(secret, sealed))),
    })),
  );
}
