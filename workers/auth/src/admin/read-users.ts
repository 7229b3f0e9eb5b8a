import { transaction } from "@trivet/db";
import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { type AuditRow, listAudit } from "../queries/audit.ts";
import { findUser, listUsers } from "../queries/users.ts";
import type { User } from "../tables.ts";
import { assertAdmin } from "./audited.ts";

export interface AdminPage {
  limit: number;
  beforeId: string | undefined;
}

/** Accounts, newest first, up to `limit + 1`; `search` is part of an address, username or name. */
export async function listAccounts(
  deps: Deps,
  actor: UserActor,
  page: AdminPage & { search: string | undefined },
): Promise<User[]> {
  await transaction(deps.db, (tx) => assertAdmin(tx, actor));
  return await listUsers(deps.db, page);
}

/** Throws `not_found`. */
export async function readAccountAsAdmin(deps: Deps, actor: UserActor, id: string): Promise<User> {
  await transaction(deps.db, (tx) => assertAdmin(tx, actor));
  const user = await findUser(deps.db, id);
  if (!user) throw new TrivetError("not_found");
  return user;
}

/** What administrators did, newest first, up to `limit + 1`. */
export async function readAudit(deps: Deps, actor: UserActor, page: AdminPage): Promise<AuditRow[]> {
  await transaction(deps.db, (tx) => assertAdmin(tx, actor));
  return await listAudit(deps.db, page);
}
