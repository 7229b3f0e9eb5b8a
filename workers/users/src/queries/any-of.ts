import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/** For a `where`: one of these ids. One parameter however many there are, so that the statement stays the same. */
export const anyOf = (column: SQLWrapper, ids: readonly string[]): SQL => sql`${column} = any(${arrayOf(ids)}::uuid[])`;

/** The text of an array of ids, which need no quotes. */
export const arrayOf = (ids: readonly string[]): string => `{${ids.join(",")}}`;

/**
 * For a `from`: row by row the elements of equally long arrays of ids, with their `position` from 1.
 *
 * The arrays stand in scalar subqueries, whose length the planner cannot look up. Given the arrays
 * themselves it finds a plan for each new length better than the one it has kept, and plans a
 * statement anew at every use, which costs more than reading a few rows (Postgres: "Prepared
 * statements", plan_cache_mode).
 */
export const zipped = (name: string, columns: Readonly<Record<string, SQLWrapper>>): SQL => {
  const arrays = Object.values(columns).map((array) => sql`(select ${array}::uuid[])`);
  const names = [...Object.keys(columns), "position"].map((column) => sql.identifier(column));
  return sql`unnest(${sql.join(arrays, sql`, `)}) with ordinality as ${sql.identifier(name)}(${sql.join(names, sql`, `)})`;
};
