import { userCreated } from "@trivet/contracts";
import { isUniqueViolation, publish, type Transaction, transaction } from "@trivet/db";
import { hashPassword, TrivetError } from "@trivet/platform";
import { costOf, type Deps, engineOf } from "../deps.ts";
import type { NewUser } from "../engine/engine.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { sendVerification } from "../mail/send-verification.ts";
import { assertNotObvious } from "../passwords/password-rules.ts";
import { findUser } from "../queries/users.ts";
import type { Entry } from "../sessions/login.ts";
import { answerWithTokens, openSession, type UserAgent } from "../sessions/open-session.ts";
import { outbox, type User } from "../tables.ts";
import { deliverSoon } from "./announce.ts";

export interface Registration {
  email: string;
  username: string;
  password: string;
  name: string | undefined;
}

/**
 * Opens an account and its first session, and announces it in the same transaction. Of two twins at
 * the same time, the database's unique indexes let one win. The profile in users is made from the event, or by
 * whoever reads it first.
 *
 * Throws `conflict` for a taken email or username, `validation_failed` for an obvious password.
 */
export async function register(
  deps: Deps,
  { email, username, password, name }: Registration,
  userAgent: UserAgent,
): Promise<Entry> {
  assertNotObvious(password, { email, username });
  await assertCanSign(deps);
  const hash = await hashPassword(password, costOf(deps));
  const opened = await transaction(deps.db, async (tx) => {
    const user = await createAccount(deps, tx, { email, username, name: name ?? username });
    await engineOf(deps, tx).addPassword(user.id, hash);
    await sendVerification(deps, tx, user);
    return await openSession(tx, user, userAgent);
  }).catch(refuseTaken);
  deliverSoon(deps);
  return { user: opened.user, tokens: await answerWithTokens(deps, opened) };
}

/** The account's row, its address unproven, and its announcement; how it is entered is for the caller to add. */
export async function createAccount(deps: Deps, tx: Transaction, account: NewUser): Promise<User> {
  const id = await engineOf(deps, tx).createUser(account);
  await publish(tx, outbox, userCreated, id, { userId: id }, deps.invocation);
  const user = await findUser(tx, id);
  if (!user) throw new Error("The account just created is not there.");
  return user;
}

function refuseTaken(error: unknown): never {
  if (isUniqueViolation(error, "users_email_key")) {
    throw new TrivetError("conflict", "An account with this email address exists. Log in or reset its password.");
  }
  if (isUniqueViolation(error, "users_username_key")) {
    throw new TrivetError("conflict", "This username is taken. Choose another.");
  }
  throw error;
}
