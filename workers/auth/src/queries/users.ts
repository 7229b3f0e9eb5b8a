import type { Database, Transaction } from "@trivet/db";
import { and, desc, eq, ilike, lt, or, sql } from "drizzle-orm";
import { identities, twoFactors, type User, users } from "../tables.ts";

/** By what somebody says who they are at login. */
export type Identifier = { email: string } | { username: string };

export interface LoginRow {
  user: User;
  /** Null for an account that has only ever come in through an OAuth provider. */
  passwordHash: string | null;
}

/** The account and its password in one query, so that a login costs the same whether it exists or not. */
export async function findForLogin(
  db: Database | Transaction,
  identifier: Identifier | { id: string },
): Promise<LoginRow | undefined> {
  const [row] = await db
    .select({ user: users, passwordHash: identities.password })
    .from(users)
    .leftJoin(identities, and(eq(identities.userId, users.id), eq(identities.providerId, "credential")))
    .where(matching(identifier));
  return row;
}

function matching(identifier: Identifier | { id: string }) {
  if ("id" in identifier) return eq(users.id, identifier.id);
  if ("email" in identifier) return eq(users.email, identifier.email);
  return eq(sql`lower(${users.username})`, identifier.username.toLowerCase());
}

export async function findUser(db: Database | Transaction, id: string): Promise<User | undefined> {
  const [user] = await db.select().from(users).where(eq(users.id, id));
  return user;
}

/** The account, locked until the transaction ends. */
export async function lockUser(tx: Transaction, id: string): Promise<User | undefined> {
  const [user] = await tx.select().from(users).where(eq(users.id, id)).for("update");
  return user;
}

export async function findUserByEmail(db: Database | Transaction, email: string): Promise<User | undefined> {
  const [user] = await db.select().from(users).where(eq(users.email, email));
  return user;
}

export async function findUserByIdentity(
  db: Database | Transaction,
  providerId: string,
  accountId: string,
): Promise<User | undefined> {
  const [row] = await db
    .select({ user: users })
    .from(identities)
    .innerJoin(users, eq(users.id, identities.userId))
    .where(and(eq(identities.providerId, providerId), eq(identities.accountId, accountId)));
  return row?.user;
}

export async function hasUsername(db: Database | Transaction, username: string): Promise<boolean> {
  const rows = await db
    .select({ id: users.id })
    .from(users)
    .where(eq(sql`lower(${users.username})`, username.toLowerCase()));
  return rows.length > 0;
}

export type UserChange = Partial<
  Pick<User, "emailVerified" | "role" | "banned" | "banReason" | "bannedUntil" | "twoFactorEnabled">
>;

/** Undefined when there is no such account. */
export async function updateUser(
  db: Database | Transaction,
  id: string,
  change: UserChange,
): Promise<User | undefined> {
  const [user] = await db
    .update(users)
    .set({ ...change, updatedAt: new Date() })
    .where(eq(users.id, id))
    .returning();
  return user;
}

/** Sessions, credentials, keys and everything else of the account go with the row. */
export async function removeUser(tx: Transaction, id: string): Promise<boolean> {
  return (await tx.delete(users).where(eq(users.id, id)).returning({ id: users.id })).length > 0;
}

/** Newest first, before `beforeId`; up to `limit + 1`. Ids of version 7 sort by time. */
export async function listUsers(
  db: Database,
  page: { limit: number; beforeId: string | undefined; search: string | undefined },
): Promise<User[]> {
  const pattern = page.search === undefined ? undefined : `%${page.search.replaceAll(/[\\%_]/g, "\\$&")}%`;
  return await db
    .select()
    .from(users)
    .where(
      and(
        page.beforeId === undefined ? undefined : lt(users.id, page.beforeId),
        pattern === undefined
          ? undefined
          : or(ilike(users.email, pattern), ilike(users.username, pattern), ilike(users.name, pattern)),
      ),
    )
    .orderBy(desc(users.id))
    .limit(page.limit + 1);
}

/** The account's second factor, if it is in force or being enrolled. */
export async function findTwoFactor(db: Database | Transaction, userId: string) {
  const [row] = await db.select().from(twoFactors).where(eq(twoFactors.userId, userId));
  return row;
}

/** The account's second factor, kept from changing until the transaction ends. */
export async function lockTwoFactor(tx: Transaction, userId: string) {
  const [row] = await tx.select().from(twoFactors).where(eq(twoFactors.userId, userId)).for("update");
  return row;
}

/** Takes a time step for a code, once: false when this or a later step has been used. */
export async function takeTotpStep(db: Database | Transaction, userId: string, step: number): Promise<boolean> {
  const taken = await db
    .update(twoFactors)
    .set({ lastStep: step })
    .where(and(eq(twoFactors.userId, userId), lt(twoFactors.lastStep, step)))
    .returning({ id: twoFactors.id });
  return taken.length > 0;
}

export async function confirmTwoFactor(tx: Transaction, userId: string): Promise<void> {
  await tx.update(twoFactors).set({ verified: true }).where(eq(twoFactors.userId, userId));
}

export async function removeTwoFactor(tx: Transaction, userId: string): Promise<void> {
  await tx.delete(twoFactors).where(eq(twoFactors.userId, userId));
}
