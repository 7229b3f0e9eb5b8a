import {
  type Claim,
  type ClaimOutcome,
  type IdempotencyStore,
  type Invocation,
  type KeyedRequest,
  newId,
  type StoredAnswer,
  TrivetError,
} from "@trivet/platform";
import { and, eq, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { jsonb, type PgSchema, primaryKey, smallint, text, timestamp, uuid } from "drizzle-orm/pg-core";
import type { Database, Transaction } from "./open.ts";

/** What a service has answered to keyed requests. `sql/idempotency.sql` is the migration that goes with it. */
export const idempotencyTable = (schema: PgSchema) =>
  schema.table(
    "idempotency_keys",
    {
      caller: text("caller").notNull(),
      key: text("key").notNull(),
      fingerprint: text("fingerprint").notNull(),
      claim: uuid("claim").notNull(),
      leasedUntil: timestamp("leased_until", { withTimezone: true }).notNull(),
      status: smallint("status"),
      headers: jsonb("headers").$type<StoredAnswer["headers"]>(),
      body: text("body"),
      createdAt: timestamp("created_at", { withTimezone: true }).notNull().defaultNow(),
    },
    (table) => [primaryKey({ columns: [table.caller, table.key] })],
  );

export type IdempotencyKeys = ReturnType<typeof idempotencyTable>;

/** Encrypts the bodies of answers at rest; for a service that hands out secrets. */
export interface Sealing {
  seal(text: string): Promise<string>;
  unseal(sealed: string): Promise<string>;
}

/** Twice the longest a request may take. A run that crashed holds its key back no longer than this. */
const leaseSeconds = 60;
const keptFor = sql`interval '24 hours'`;
const sweepSize = 1_000;
/** A row that was there may be gone when it is looked at; it cannot come and go for ever. */
const looks = 3;

/** Keeps claims and answers in a table of the service's own schema. */
export class IdempotentAnswers implements IdempotencyStore {
  readonly #db: Database;
  readonly #keys: IdempotencyKeys;
  readonly #sealing: Sealing | undefined;

  constructor(db: Database, keys: IdempotencyKeys, sealing?: Sealing) {
    this.#db = db;
    this.#keys = keys;
    this.#sealing = sealing;
  }

  /** One statement for a new key, two for one that was seen before; nothing is locked in between. */
  async claim(request: KeyedRequest): Promise<ClaimOutcome> {
    const claim: Claim = { ...request, id: newId() };
    for (let look = 0; look < looks; look += 1) {
      if (await this.#insert(claim)) return { kind: "claimed", claim };
      const found = await this.#find(request);
      if (!found) continue;
      const isSame = found.fingerprint === request.fingerprint;
      if (found.isOld || (isSame && found.isAbandoned)) {
        if (await this.#takeOver(claim, found.claim)) return { kind: "claimed", claim };
        continue;
      }
      if (!isSame) return { kind: "other" };
      if (found.status === null) return { kind: "running" };
      return { kind: "answered", answer: await this.#open(found.status, found) };
    }
    return { kind: "running" };
  }

  /**
   * Stores `body` as the answer in the transaction of the effect, so that both are committed or neither is; call it last
   * there. Does nothing where the caller sent no key. Throws, and so undoes the effect, when the claim has passed to
   * another attempt.
   */
  async keep(
    tx: Transaction,
    { claim }: Pick<Invocation, "claim">,
    body: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    if (claim === undefined) return;
    const headers = { "content-type": "application/json" };
    const stored = await this.#store(tx, claim, { status: claim.status, headers, body: JSON.stringify(body) });
    if (!stored) throw new TrivetError("idempotency_key_in_use", undefined, { retryAfter: 1 });
  }

  async finish(claim: Claim, answer: StoredAnswer): Promise<void> {
    await this.#store(this.#db, claim, answer);
  }

  /** Waits for a transaction of this claim that may still be about to commit. */
  async release(claim: Claim): Promise<void> {
    await this.#db.delete(this.#keys).where(and(this.#of(claim), isNull(this.#keys.status)));
  }

  /** Deletes what nobody may ask for any more; for a cron. Returns how many. */
  async sweep(): Promise<number> {
    const { key } = this.#keys;
    let swept = 0;
    for (;;) {
      // By place, not by key: a row that is claimed anew meanwhile has another one, and stays.
      const old = this.#db.select({ place: sql`ctid` }).from(this.#keys).where(this.#isOld).limit(sweepSize);
      const rows = await this.#db.delete(this.#keys).where(inArray(sql`ctid`, old)).returning({ key });
      swept += rows.length;
      if (rows.length < sweepSize) return swept;
    }
  }

  async #insert(claim: Claim): Promise<boolean> {
    const { caller, key, fingerprint, id } = claim;
    const rows = await this.#db
      .insert(this.#keys)
      .values({ caller, key, fingerprint, claim: id, leasedUntil: afterLease })
      .onConflictDoNothing()
      .returning({ claim: this.#keys.claim });
    return rows.length > 0;
  }

  async #find({ caller, key }: KeyedRequest) {
    const { status, headers, body, fingerprint, claim, leasedUntil } = this.#keys;
    const [row] = await this.#db
      .select({
        ...{ status, headers, body, fingerprint, claim },
        isOld: sql<boolean>`${this.#isOld}`,
        isAbandoned: sql<boolean>`${status} IS NULL AND ${leasedUntil} < now()`,
      })
      .from(this.#keys)
      .where(and(eq(this.#keys.caller, caller), eq(this.#keys.key, key)));
    return row;
  }

  async #takeOver(claim: Claim, from: string): Promise<boolean> {
    const fresh = { status: null, headers: null, body: null, leasedUntil: afterLease, createdAt: sql`now()` };
    const rows = await this.#db
      .update(this.#keys)
      .set({ ...fresh, claim: claim.id, fingerprint: claim.fingerprint })
      // Whose transaction commits while this waits for the row has answered after all.
      .where(and(this.#of({ ...claim, id: from }), sql`(${this.#keys.status} IS NULL OR ${this.#isOld})`))
      .returning({ claim: this.#keys.claim });
    return rows.length > 0;
  }

  async #store(db: Database | Transaction, claim: Claim, { status, headers, body }: StoredAnswer): Promise<boolean> {
    const sealed = body === null || !this.#sealing ? body : await this.#sealing.seal(body);
    const rows = await db
      .update(this.#keys)
      .set({ status, headers, body: sealed })
      .where(this.#of(claim))
      .returning({ claim: this.#keys.claim });
    return rows.length > 0;
  }

  async #open(status: number, { headers, body }: { headers: StoredAnswer["headers"] | null; body: string | null }) {
    const open = body === null || !this.#sealing ? body : await this.#sealing.unseal(body);
    return { status, headers: headers ?? {}, body: open };
  }

  get #isOld(): SQL {
    return sql`${this.#keys.createdAt} < now() - ${keptFor}`;
  }

  #of({ caller, key, id }: Pick<Claim, "caller" | "key" | "id">): SQL | undefined {
    return and(eq(this.#keys.caller, caller), eq(this.#keys.key, key), eq(this.#keys.claim, id));
  }
}

/** By the database's clock: several machines need not agree on the time. */
const afterLease = sql`now() + make_interval(secs => ${leaseSeconds})`;
