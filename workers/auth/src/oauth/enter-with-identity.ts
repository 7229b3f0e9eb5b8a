import { username as usernameForm } from "@trivet/contracts";
import { isUniqueViolation, type Transaction, transaction } from "@trivet/db";
import { TrivetError } from "@trivet/platform";
import { deliverSoon } from "../accounts/announce.ts";
import { emailAddress } from "../accounts/email-address.ts";
import { proveAddress } from "../accounts/prove-address.ts";
import { createAccount } from "../accounts/register.ts";
import { type Deps, engineOf } from "../deps.ts";
import { notify } from "../mail/notify.ts";
import { sendVerification } from "../mail/send-verification.ts";
import { findUserByEmail, findUserByIdentity, hasUsername } from "../queries/users.ts";
import { assertNotBanned } from "../sessions/login.ts";
import type { User } from "../tables.ts";
import type { Identity } from "./user-info.ts";

/** Twins of a first login meet at the unique indexes; whoever comes second finds the account on the next try. */
const attempts = 3;

/**
 * The account of an identity at a provider: the one it belongs to, one it may be linked to, or a new
 * one. It is linked to an account of the same address only when both the provider and we have seen
 * the address proven. Without the first, anybody could claim a victim's address at a provider;
 * without the second, an attacker could register a victim's address here and wait.
 *
 * Throws `conflict` when it must not be linked, `unprocessable` without an address, `forbidden` for a
 * banned account.
 */
export async function enterWithIdentity(deps: Deps, providerId: string, identity: Identity): Promise<User> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { user, came } = await transaction(deps.db, (tx) => findOrCreate(deps, tx, providerId, identity));
      if (came === "linked") notify(deps, user.id, "identity.linked");
      assertNotBanned(user);
      if (came === "created") deliverSoon(deps);
      return user;
    } catch (error) {
      if (!isUniqueViolation(error) || attempt === attempts) throw error;
    }
  }
}

async function findOrCreate(
  deps: Deps,
  tx: Transaction,
  providerId: string,
  identity: Identity,
): Promise<{ user: User; came: "known" | "linked" | "created" }> {
  const known = await findUserByIdentity(tx, providerId, identity.subject);
  if (known) return { user: known, came: "known" };
  const email = emailAddress.safeParse(identity.email);
  if (!email.success) {
    throw new TrivetError(
      "unprocessable",
      `${providerId} did not tell an email address. Allow it there, and try again.`,
    );
  }
  const sameAddress = await findUserByEmail(tx, email.data);
  if (sameAddress && !(identity.emailVerified && sameAddress.emailVerified)) {
    throw new TrivetError(
      "conflict",
      "An account with this address exists. Log in to it the way you did before and link this login there; if you did not open it, set a new password.",
    );
  }
  const user = sameAddress ?? (await createFor(deps, tx, identity, email.data));
  await engineOf(deps, tx).addIdentity(user.id, providerId, identity.subject);
  return { user, came: sameAddress ? "linked" : "created" };
}

async function createFor(deps: Deps, tx: Transaction, identity: Identity, email: string): Promise<User> {
  const username = await freeUsername(tx, identity.username ?? email.split("@")[0] ?? "");
  const name = (identity.name ?? username).replaceAll("\u0000", "").toWellFormed().slice(0, 100);
  const user = await createAccount(deps, tx, { email, username, name });
  // Nobody but this identity has a way into an account this new.
  if (identity.emailVerified) return await proveAddress(deps, tx, user, "owner");
  await sendVerification(deps, tx, user);
  return user;
}

/** The proposal made to fit, with digits behind it when it is taken. */
async function freeUsername(tx: Transaction, proposal: string): Promise<string> {
  const fitted = proposal
    .replaceAll(/[^A-Za-z\d._]+/g, "")
    .replaceAll(/[._]{2,}/g, ".")
    .replaceAll(/^[._]+|[._]+$/g, "")
    .slice(0, 20)
    .replace(/[._]+$/, "");
  const base = usernameForm.safeParse(fitted).success ? fitted : "user";
  let candidate = base === "user" ? `user${randomDigits()}` : base;
  while (await hasUsername(tx, candidate)) candidate = `${base}${randomDigits()}`;
  return candidate;
}

const randomDigits = (): string =>
  String(crypto.getRandomValues(new Uint32Array(1))[0] ?? 0)
    .padStart(10, "0")
    .slice(-6);
