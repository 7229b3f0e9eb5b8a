import { databaseFault, isTransactionConflict } from "./faults.ts";
import type { Database, Transaction } from "./open.ts";

const attempts = 4;
const backoffBase = 5;

/**
 * Runs `effect` in a transaction, and again when Postgres undid it for the sake of another one
 * (deadlock, serialization failure). So `effect` may run more than once: what it does outside of
 * `tx` must be harmless to repeat. Throws `conflict` when the last attempt ends that way too.
 */
export async function transaction<Result>(db: Database, effect: (tx: Transaction) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction(effect);
    } catch (error) {
      if (!isTransactionConflict(error)) throw error;
      if (attempt === attempts) throw databaseFault(error) ?? error;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * backoffBase * 2 ** attempt));
    }
  }
}
