import type { Database, Transaction } from "./open.ts";

/**
 * A query whose SQL drizzle builds once per database instead of at each use, which is most of what
 * drizzle costs. Variable parts are `sql.placeholder(name)`:
 *
 *     const byId = prepared((db) =>
 *       db.select().from(profiles).where(eq(profiles.id, sql.placeholder("id"))).prepare("profile_by_id"),
 *     );
 *     const [profile] = await byId(db).execute({ id });
 *
 * Inside a transaction it is built anew for that transaction.
 */
export function prepared<Query>(build: (db: Database | Transaction) => Query): (db: Database | Transaction) => Query {
  const built = new WeakMap<Database | Transaction, Query>();
  return (db) => {
    const known = built.get(db);
    if (known !== undefined) return known;
    const query = build(db);
    built.set(db, query);
    return query;
  };
}
