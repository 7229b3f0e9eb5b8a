import type { Database, Transaction } from "@trivet/db";
import { type Deps, engineOf } from "../deps.ts";
import type { User } from "../tables.ts";

const hours = 24;

/** Mails the link that proves who reads this address. */
export async function sendVerification(
  deps: Deps,
  db: Database | Transaction,
  user: Pick<User, "id" | "email">,
): Promise<void> {
  const seconds = hours * 3_600;
  const token = await engineOf(deps, db).issueToken("verify-email", verificationValue(user), seconds);
  const mail = {
    to: user.email,
    subject: "Confirm your email address",
    text:
      "Hello,\n\nplease confirm that this address is yours:\n\n" +
      `${deps.env.PUBLIC_URL}/auth/verify-email?token=${token}\n\n` +
      `The link is good once, for ${hours} hours. If you did not open an account, ignore this mail.\n`,
  };
  await deps.mailer.send(db, mail, new Date(Date.now() + seconds * 1_000));
}

/** What the token stands for: this address of this account, so that a later change of address voids it. */
export const verificationValue = ({ id, email }: Pick<User, "id" | "email">): string => `verify ${id} ${email}`;
