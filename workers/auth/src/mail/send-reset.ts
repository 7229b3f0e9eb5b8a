import { type Deps, engineOf } from "../deps.ts";
import type { User } from "../tables.ts";

const minutes = 60;

/** Mails the link by which somebody who forgot their password sets a new one. */
export async function sendReset(deps: Deps, user: Pick<User, "id" | "email">): Promise<void> {
  const seconds = minutes * 60;
  const token = await engineOf(deps, deps.db).issueToken("reset-password", resetValue(user.id), seconds);
  const mail = {
    to: user.email,
    subject: "Set a new password",
    text:
      "Hello,\n\nset a new password here:\n\n" +
      `${deps.env.PUBLIC_URL}/auth/password/reset?token=${token}\n\n` +
      `The link is good once, for ${minutes} minutes. If you did not ask for it, ignore this mail: nothing has changed.\n`,
  };
  await deps.mailer.send(deps.db, mail, new Date(Date.now() + seconds * 1_000));
}

/** The same for all reset links of an account, so that using one voids the others. */
export const resetValue = (userId: string): string => `reset ${userId}`;
