import type { Database, Transaction } from "@trivet/db";
import { and, eq, lt, sql } from "drizzle-orm";
import { accountBrakes, addressBrakes, knownAddresses } from "../tables.ts";

export interface AccountBrakeRule {
  /** Failures in a row that cost nothing. */
  free: number;
  /** Seconds of the first pause; each further failure doubles it. */
  firstPause: number;
  longestPause: number;
  /** Seconds after the last failure from which on it is forgotten. */
  memory: number;
}

/**
 * Counts a try as failed before its outcome is known, so that a thousand guesses at once are a
 * thousand and not one. Undefined when it may go on, else the time until which to wait; a try that is
 * refused does not lengthen the pause.
 */
export async function countAccountTry(db: Database, key: string, rule: AccountBrakeRule): Promise<Date | undefined> {
  const failures = sql`CASE WHEN b.updated_at < now() - ${rule.memory} * interval '1 second' THEN 1 ELSE b.failures + 1 END`;
  const counted = await db.execute(sql`
    INSERT INTO ${accountBrakes} AS b (key, failures, blocked_until, updated_at) VALUES (${key}, 1, NULL, now())
    ON CONFLICT (key) DO UPDATE SET
      failures = ${failures},
      blocked_until = CASE WHEN ${failures} >= ${rule.free}
        THEN now() + LEAST(${rule.longestPause}, ${rule.firstPause} * power(2, LEAST(${failures} - ${rule.free}, 30)))
          * interval '1 second' END,
      updated_at = now()
    WHERE b.blocked_until IS NULL OR b.blocked_until <= now()
    RETURNING b.failures`);
  if (counted.length > 0) return undefined;
  const [row] = await db
    .select({ blockedUntil: accountBrakes.blockedUntil })
    .from(accountBrakes)
    .where(eq(accountBrakes.key, key));
  return row?.blockedUntil ?? undefined;
}

export async function clearAccountBrake(db: Database | Transaction, key: string): Promise<void> {
  await db.delete(accountBrakes).where(eq(accountBrakes.key, key));
}

/**
 * Counts a try from one address if fewer than `limit` fell into the last `seconds`: a window that
 * slides, so that no two halves of it add up to more. Undefined when it may go on, else the time of
 * the oldest try that still counts.
 */
export async function countAddressTry(
  db: Database,
  key: string,
  limit: number,
  seconds: number,
): Promise<Date | undefined> {
  const recent = sql`ARRAY(SELECT t FROM unnest(b.tries) t WHERE t > now() - ${seconds} * interval '1 second' ORDER BY t)`;
  const counted = await db.execute(sql`
    INSERT INTO ${addressBrakes} AS b (key, tries, updated_at) VALUES (${key}, ARRAY[now()], now())
    ON CONFLICT (key) DO UPDATE SET tries = ${recent} || now(), updated_at = now()
    WHERE cardinality(${recent}) < ${limit}
    RETURNING 1`);
  if (counted.length > 0) return undefined;
  const [row] = await db.select({ tries: addressBrakes.tries }).from(addressBrakes).where(eq(addressBrakes.key, key));
  return row?.tries.find((time) => time.getTime() > Date.now() - seconds * 1_000);
}

export async function isKnownAddress(db: Database, userId: string, addressHash: string): Promise<boolean> {
  const rows = await db
    .select({ userId: knownAddresses.userId })
    .from(knownAddresses)
    .where(and(eq(knownAddresses.userId, userId), eq(knownAddresses.addressHash, addressHash)));
  return rows.length > 0;
}

export async function rememberAddress(db: Database, userId: string, addressHash: string): Promise<void> {
  const lastUsedAt = new Date();
  await db
    .insert(knownAddresses)
    .values({ userId, addressHash, lastUsedAt })
    .onConflictDoUpdate({ target: [knownAddresses.userId, knownAddresses.addressHash], set: { lastUsedAt } });
}

export async function sweepBrakes(db: Database, before: Date, addressesBefore: Date): Promise<void> {
  await db.delete(accountBrakes).where(lt(accountBrakes.updatedAt, before));
  await db.delete(addressBrakes).where(lt(addressBrakes.updatedAt, before));
  await db.delete(knownAddresses).where(lt(knownAddresses.lastUsedAt, addressesBefore));
}
