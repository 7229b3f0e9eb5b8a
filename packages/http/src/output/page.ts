import { TrivetError } from "@trivet/platform";
import type { Context } from "hono";
import { base64url } from "jose";
import { z } from "zod";
import { queryInteger } from "../input/query.ts";

const noCursor = "is not a cursor of this list; send `nextCursor` as it came";

/** The `limit` and `cursor` that every list takes. */
export const pageQuery = z.object({
  limit: queryInteger({ min: 1, max: 100 }).default(20).meta({ description: "Items in one page", example: 20 }),
  cursor: z
    .string()
    .max(512)
    .refine((cursor) => typeof partsOf(cursor)[0] === "string", { error: noCursor })
    .optional()
    .meta({ description: "`nextCursor` of the page before" }),
});

export type PageQuery = z.output<typeof pageQuery>;

/** One page of a list. `nextCursor` is null on the last. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

/**
 * Writes an opaque cursor: the sort keys of the last item, and the list it belongs to, so that a
 * cursor of another list is refused instead of misread.
 */
export const encodeCursor = (list: string, keys: readonly unknown[]): string =>
  base64url.encode(JSON.stringify([list, ...keys]));

/** Reads a cursor back; throws `validation_failed` for one that is not of this list. */
export function decodeCursor<Keys extends z.ZodType>(list: string, keys: Keys, cursor: string): z.output<Keys> {
  const [name, ...values] = partsOf(cursor);
  const parsed = keys.safeParse(values);
  if (name === list && parsed.success) return parsed.data;
  throw new TrivetError("validation_failed", undefined, {
    errors: [{ in: "query", pointer: "/cursor", detail: noCursor }],
  });
}

/** Makes a page of `limit` items out of up to `limit + 1` rows: the extra one shows that more follow. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string,
  itemOf: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(itemOf),
    nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null,
  };
}

/** Adds `Link: <...>; rel="next"` (RFC 8288) to the answer when a further page exists. */
export function linkNext(c: Context, page: Page<unknown>): void {
  if (page.nextCursor === null) return;
  const url = new URL(c.req.url);
  url.searchParams.set("cursor", page.nextCursor);
  c.header("link", `<${url.pathname}${url.search}>; rel="next"`);
}

/** The list's name and the keys; empty for what no `encodeCursor` has written. */
function partsOf(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(base64url.decode(cursor)));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
