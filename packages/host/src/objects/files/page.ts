import type { Listing, ListQuery } from "../driver.ts";
import { bytesOf, type Catalogue } from "./catalogue.ts";

const zero = Buffer.from([0]);
const nothing = Buffer.from([]);

/**
 * One page of a listing. It reads what it returns and little more: behind a common prefix it goes on after
 * the last key that has it. A cursor is the least key of the next page, in base64url.
 */
export function listPage(catalogue: Catalogue, query: ListQuery): Listing {
  const { prefix, delimiter, limit } = query;
  const end = after(bytesOf(prefix));
  const listing: Listing = { objects: [], prefixes: [], cursor: undefined };
  const room = (): number => limit - listing.objects.length - listing.prefixes.length;
  for (let from: Uint8Array | undefined = begin(query); from !== undefined; ) {
    // One more than there is room for tells whether there is more.
    const entries = catalogue.page(from, end, room() + 1);
    let next: Uint8Array | undefined;
    for (const { object } of entries) {
      if (room() === 0) return { ...listing, cursor: Buffer.from(from).toString("base64url") };
      const common = commonPrefix(object.key, prefix, delimiter);
      if (common !== undefined) {
        listing.prefixes.push(common);
        next = after(bytesOf(common));
        break;
      }
      listing.objects.push(object);
      from = Buffer.concat([bytesOf(object.key), zero]);
    }
    from = next;
  }
  return listing;
}

function begin({ prefix, startAfter, cursor }: ListQuery): Uint8Array {
  const bounds = [
    bytesOf(prefix),
    startAfter === undefined ? nothing : Buffer.concat([bytesOf(startAfter), zero]),
    cursor === undefined ? nothing : Buffer.from(cursor, "base64url"),
  ];
  return bounds.reduce((one, other) => (Buffer.compare(one, other) < 0 ? other : one));
}

function commonPrefix(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** The least bytes that come after all that begin with these; undefined where nothing can. */
function after(prefix: Uint8Array): Uint8Array | undefined {
  const length = prefix.findLastIndex((byte) => byte < 0xff) + 1;
  if (length === 0) return undefined;
  const next = Buffer.from(prefix.subarray(0, length));
  next[length - 1] = (next[length - 1] ?? 0) + 1;
  return next;
}
