import { transaction } from "@trivet/db";
import { hashPassword, TrivetError } from "@trivet/platform";
import { isBanned } from "../admin/is-banned.ts";
import { brakeAccount, brakeAddress, type ClientAddress } from "../brakes/brakes.ts";
import { costOf, type Deps, engineOf } from "../deps.ts";
import { assertCanSign } from "../keys/keyring.ts";
import { checkPassword } from "../passwords/check-password.ts";
import { findForLogin, type Identifier, lockUser } from "../queries/users.ts";
import type { User } from "../tables.ts";
import { verifySecondFactor } from "../two-factor/verify-second-factor.ts";
import { answerWithTokens, openSession, type TokenAnswer, type UserAgent } from "./open-session.ts";

export interface Login {
  identifier: Identifier;
  password: string;
  code: string | undefined;
}

/** Somebody who is in. */
export interface Entry {
  user: User;
  tokens: TokenAnswer;
}

/** Where a request to enter an account comes from. */
export interface Origin {
  address: ClientAddress;
  userAgent: UserAgent;
}

/**
 * Opens a session for whoever knows the password, and the second factor where there is one. An
 * unknown account and a wrong password take the same steps and get the same answer.
 *
 * The engine's own sign-in is not used: it knows no username, no brake, and puts its second step into
 * cookies.
 *
 * Throws `rate_limited`, `invalid_credentials`, `second_factor_required`, and `forbidden` for a banned
 * account.
 */
export async function login(deps: Deps, { identifier, password, code }: Login, origin: Origin): Promise<Entry> {
  await assertCanSign(deps);
  await brakeAddress(deps, origin.address);
  const row = await findForLogin(deps.db, identifier);
  const brake = await brakeAccount(deps, {
    userId: row?.user.id,
    identifier: Object.entries(identifier).join().toLowerCase(),
    address: origin.address,
  });
  const { matches, outdated } = await checkPassword(costOf(deps), row?.passwordHash ?? null, password);
  if (!row || !matches) throw new TrivetError("invalid_credentials");
  assertNotBanned(row.user);
  if (row.user.twoFactorEnabled) await assertSecondFactor(deps, row.user.id, code);
  await brake.release();
  const newHash = outdated ? await hashPassword(password, costOf(deps)) : undefined;
  const opened = await transaction(deps.db, async (tx) => {
    // Hashing took a while: a ban, a new password or a second factor that came meanwhile counts.
    await lockUser(tx, row.user.id);
    const now = await findForLogin(tx, { id: row.user.id });
    if (now?.passwordHash !== row.passwordHash) throw new TrivetError("invalid_credentials");
    assertNotBanned(now.user);
    if (now.user.twoFactorEnabled && !row.user.twoFactorEnabled) throw new TrivetError("second_factor_required");
    if (newHash !== undefined) await engineOf(deps, tx).replacePassword(now.user.id, newHash);
    return await openSession(tx, now.user, origin.userAgent);
  });
  return { user: opened.user, tokens: await answerWithTokens(deps, opened) };
}

export function assertNotBanned(user: User): void {
  if (!isBanned(user)) return;
  const until = user.bannedUntil ? ` until ${user.bannedUntil.toISOString()}` : "";
  throw new TrivetError("forbidden", `This account is banned${until}: ${user.banReason ?? "no reason was given"}`);
}

export async function assertSecondFactor(deps: Deps, userId: string, code: string | undefined): Promise<void> {
  if (code === undefined) throw new TrivetError("second_factor_required");
  if (await verifySecondFactor(deps, userId, code)) return;
  throw new TrivetError("second_factor_required", "The code is wrong, too old, or was used before. Send the next one.");
}
