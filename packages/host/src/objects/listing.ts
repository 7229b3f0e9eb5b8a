import type { BucketListOptions, BucketObject } from "@trivet/platform";
import type { ListQuery, StoredObject } from "./driver.ts";
import { objectOf } from "./object.ts";
import { Refusal } from "./refusal.ts";

const mostObjects = 1_000;
const mostDetailed = 100;
const includable: readonly unknown[] = ["httpMetadata", "customMetadata"];

/** The options of `list`. A limit out of bounds is refused by `checkLimit`. */
export function listQuery(options: BucketListOptions | undefined): ListQuery {
  const include: ReadonlySet<unknown> = new Set(options?.include ?? []);
  for (const name of include) {
    if (!includable.includes(name)) throw new RangeError(`Unsupported include value ${String(name)}`);
  }
  const limit = Math.trunc(Number(options?.limit ?? mostObjects));
  return {
    prefix: text("prefix", options?.prefix) ?? "",
    // An empty delimiter delimits nothing, and an empty cursor is where the first page begins.
    delimiter: text("delimiter", options?.delimiter) || undefined,
    startAfter: text("startAfter", options?.startAfter) || undefined,
    cursor: text("cursor", options?.cursor) || undefined,
    limit: include.size > 0 && limit <= mostObjects ? Math.min(limit, mostDetailed) : limit,
    include,
  };
}

export function checkLimit({ limit }: ListQuery): void {
  if (!(limit >= 1 && limit <= mostObjects)) throw new Refusal("invalidMaxKeys");
}

/** A listed object with the metadata that was asked for, and no other. */
export const listedObject = (stored: StoredObject, { include }: ListQuery): BucketObject =>
  objectOf({
    ...stored,
    httpMetadata: include.has("httpMetadata") ? stored.httpMetadata : {},
    customMetadata: include.has("customMetadata") ? stored.customMetadata : {},
  });

function text(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new TypeError(`The '${name}' must be a string.`);
  return value.toWellFormed();
}
