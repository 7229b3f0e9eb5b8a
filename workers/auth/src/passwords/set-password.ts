import type { Transaction } from "@trivet/db";
import { type Deps, engineOf } from "../deps.ts";
import { findForLogin } from "../queries/users.ts";

/** Replaces the password, or gives a first one to an account that came in through an OAuth provider. */
export async function setPassword(deps: Deps, tx: Transaction, userId: string, hash: string): Promise<void> {
  const row = await findForLogin(tx, { id: userId });
  const engine = engineOf(deps, tx);
  if (row?.passwordHash == null) await engine.addPassword(userId, hash);
  else await engine.replacePassword(userId, hash);
}
