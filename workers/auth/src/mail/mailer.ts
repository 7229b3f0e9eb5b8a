import type { Database, Transaction } from "@trivet/db";

/**
 * A mail in plain text: the one form that every reader shows and no scanner rewrites, so that links come
 * in no other. Nothing in it was written by whoever opened the account, who may have typed a stranger's
 * address and a message to them as their name.
 */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  /** The same once more as a page that loads nothing. */
  html?: string | undefined;
}

/** Where mails go. `expiresAt` is when what they say stops being true. */
export interface Mailer {
  /** In the caller's transaction: no mail for what did not happen. */
  send(db: Database | Transaction, mail: Mail, expiresAt: Date): Promise<void>;
}
