import type { Account } from "@trivet/contracts";
import { TrivetError } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { findUser } from "../queries/users.ts";

/** What other services may know of an account. Throws `not_found`. */
export async function readAccount(deps: Deps, userId: string): Promise<Account> {
  const user = await findUser(deps.db, userId);
  if (!user) throw new TrivetError("not_found");
  const { id, username, name, email, role, createdAt } = user;
  return { id, username, name, email, role, createdAt: createdAt.toISOString() };
}
