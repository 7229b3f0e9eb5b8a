import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/** For a `where`: one of these ids. One parameter however many there are, so that the statement stays the same. */
export const anyOf = (column: SQLWrapper, ids: readonly string[]): SQL => sql`${column} = any(${arrayOf(ids)}::uuid[])`;

/** The text of an array of ids, which need no quotes. */
export const arrayOf = (ids: readonly string[]): string => `{${ids.join(",")}}`;
