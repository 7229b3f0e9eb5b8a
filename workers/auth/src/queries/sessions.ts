import type { Database, Transaction } from "@trivet/db";
import { and, desc, eq, gt, lt, ne, or } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { refreshTokens, type Session, sessions, type User, users } from "../tables.ts";

export async function insertSession(tx: Database | Transaction, session: typeof sessions.$inferInsert): Promise<void> {
  await tx.insert(sessions).values(session);
}

export async function insertRefreshToken(
  tx: Database | Transaction,
  token: { hash: string; sessionId: string },
): Promise<void> {
  await tx.insert(refreshTokens).values(token);
}

export interface LockedRefreshToken {
  rotatedAt: Date | null;
  session: Session;
  user: User;
}

// Postgres takes only unqualified names in FOR UPDATE OF.
const token = alias(refreshTokens, "token");

/** The token of this hash with its session and account; twins of the request wait here for each other. */
export async function lockRefreshToken(tx: Transaction, hash: string): Promise<LockedRefreshToken | undefined> {
  const [row] = await tx
    .select({ rotatedAt: token.rotatedAt, session: sessions, user: users })
    .from(token)
    .innerJoin(sessions, eq(sessions.id, token.sessionId))
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(eq(token.hash, hash))
    .for("update", { of: token });
  return row;
}

/** Longer ago, a token that is used again is refused like an unknown one: the family need not be kept whole. */
const remembered = 7 * 24 * 3_600_000;

export async function rotateRefreshToken(
  tx: Transaction,
  rotation: { hash: string; childHash: string; sessionId: string; now: Date },
): Promise<void> {
  const { hash, childHash, sessionId, now } = rotation;
  await tx.update(refreshTokens).set({ rotatedAt: now }).where(eq(refreshTokens.hash, hash));
  await tx.insert(refreshTokens).values({ hash: childHash, sessionId, createdAt: now });
  await tx.update(sessions).set({ lastUsedAt: now }).where(eq(sessions.id, sessionId));
  const forgotten = lt(refreshTokens.rotatedAt, new Date(now.getTime() - remembered));
  await tx.delete(refreshTokens).where(and(eq(refreshTokens.sessionId, sessionId), forgotten));
}

export interface LiveSession {
  session: Session;
  user: User;
}

export async function findLiveSession(db: Database | Transaction, id: string): Promise<LiveSession | undefined> {
  const [row] = await db
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, id), gt(sessions.expiresAt, new Date())));
  return row;
}

export async function noteConfirmation(db: Database, id: string, now: Date): Promise<void> {
  await db.update(sessions).set({ confirmedAt: now }).where(eq(sessions.id, id));
}

/** Newest first; a session that nobody has used since `idleSince` is as good as ended. */
export async function listSessions(db: Database, userId: string, idleSince: Date): Promise<Session[]> {
  return await db
    .select()
    .from(sessions)
    .where(and(eq(sessions.userId, userId), gt(sessions.expiresAt, new Date()), gt(sessions.lastUsedAt, idleSince)))
    .orderBy(desc(sessions.id))
    .limit(100);
}

/** What names a session. */
export type SessionKey = Pick<Session, "id" | "userId">;

const sessionKey = { id: sessions.id, userId: sessions.userId };

export async function removeSession(tx: Transaction, session: SessionKey): Promise<SessionKey[]> {
  return await tx
    .delete(sessions)
    .where(and(eq(sessions.id, session.id), eq(sessions.userId, session.userId)))
    .returning(sessionKey);
}

/** Ends the user's sessions, all but `exceptId` if given, and with them all their refresh tokens. */
export async function removeSessions(tx: Transaction, userId: string, exceptId?: string): Promise<SessionKey[]> {
  return await tx
    .delete(sessions)
    .where(and(eq(sessions.userId, userId), exceptId === undefined ? undefined : ne(sessions.id, exceptId)))
    .returning(sessionKey);
}

/** Ends what an administrator opened as somebody else. */
export async function removeImpersonations(tx: Transaction, impersonatorId: string): Promise<SessionKey[]> {
  return await tx.delete(sessions).where(eq(sessions.impersonatorId, impersonatorId)).returning(sessionKey);
}

export async function sweepSessions(db: Database, now: Date, idleSince: Date): Promise<void> {
  await db.delete(sessions).where(or(lt(sessions.expiresAt, now), lt(sessions.lastUsedAt, idleSince)));
}

/** A live session and its account, which nobody changes until the transaction ends. */
export async function lockSession(tx: Transaction, id: string): Promise<LiveSession | undefined> {
  const [row] = await tx
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, id), gt(sessions.expiresAt, new Date())))
    .for("share");
  return row;
}
