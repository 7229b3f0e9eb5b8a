import { id } from "@trivet/contracts";
import { decodeCursor, encodeCursor, type Page, type PageQuery, toPage } from "@trivet/http";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { type PeopleList, selectPeople } from "../queries/people.ts";
import type { UserCard } from "../schemas.ts";

/** ISO 8601 has a year 0, Postgres has none. */
const moment = z.iso.datetime().refine((text) => !text.startsWith("0000"));
const place = z.tuple([moment, id]);

/**
 * A page of one of a user's lists of people, the latest first. The cursor names a place in time, so
 * whoever is added meanwhile neither repeats anybody nor pushes anybody out. Does not ask who may see it.
 */
export async function listPeople(
  { db }: Deps,
  list: PeopleList,
  people: { ownerId: string; viewerId: string },
  { limit, cursor }: PageQuery,
): Promise<Page<UserCard>> {
  const name = `${list} of ${people.ownerId}`;
  const [since, afterId] = cursor === undefined ? [] : decodeCursor(name, place, cursor);
  const after = since !== undefined && afterId !== undefined ? { since, id: afterId } : undefined;
  const rows = await selectPeople(db, { list, ...people, after, limit: limit + 1 });
  return toPage(
    rows,
    limit,
    (row) => encodeCursor(name, [row.since, row.id]),
    ({ since: _, ...card }) => card,
  );
}
