import type { Asked } from "./asked.ts";
import type { Lifetime } from "./lifetime.ts";

/** An answer that is kept. Plain data: it may be given to any invocation. */
export interface Entry {
  key: string;
  status: number;
  headers: Headers;
  body: Uint8Array<ArrayBuffer>;
  lifetime: Lifetime;
  /** When it was made, in Unix milliseconds. */
  bornAt: number;
  /** The request headers that it depends on, and their values in the request it was made for. */
  vary: readonly (readonly [name: string, value: string | null])[];
  /** What it can be purged by (`Cache-Tag`). */
  tags: readonly string[];
  /** What it takes of the memory that the cache may use. */
  bytes: number;
}

/** In seconds. */
export const ageOf = ({ bornAt }: Entry, now: number): number => Math.max(0, (now - bornAt) / 1_000);

export const isFresh = (entry: Entry, now: number): boolean => ageOf(entry, now) < entry.lifetime.fresh;

export const isUsable = (entry: Entry, reserve: "whileRevalidate" | "ifError", now: number): boolean =>
  ageOf(entry, now) < entry.lifetime.fresh + entry.lifetime[reserve];

export const isFor = ({ vary }: Entry, headers: Headers): boolean =>
  vary.every(([name, value]) => headers.get(name) === value);

/** What speaks of one answer on its way, of one client, or to the cache alone. */
const ofOneAnswer =
  /^(?:access-control-.*|age|cache-status|cache-tag|connection|date|ratelimit-.*|server-timing|surrogate-key|x-request-id)$/;

/** What is kept of an answer to `asked`, which was sent to the service at `askedAt`. */
export function entryOf(
  asked: Pick<Asked, "key" | "headers">,
  { status, headers: from }: Pick<Response, "status" | "headers">,
  body: Uint8Array<ArrayBuffer>,
  lifetime: Lifetime,
  askedAt: number,
): Entry {
  const headers = new Headers();
  let bytes = asked.key.length + body.byteLength + overhead;
  from.forEach((value, name) => {
    if (ofOneAnswer.test(name)) return;
    headers.append(name, value);
    bytes += name.length + value.length;
  });
  return {
    key: asked.key,
    status,
    headers,
    body,
    lifetime,
    bornAt: bornAt(from, askedAt),
    vary: namesIn(from.get("vary")).map((name) => [name, asked.headers.get(name)] as const),
    tags: tagsOf(from),
    bytes,
  };
}

/** Of the objects themselves, about. */
const overhead = 512;

/** RFC 9111, 4.2.3: the older of what `Age` and what `Date` says; the way to us counts as part of the age. */
function bornAt(headers: Headers, askedAt: number): number {
  const age = headers.get("age") ?? "";
  const dated = Date.parse(headers.get("date") ?? "");
  const told = askedAt - (/^\d{1,10}$/.test(age) ? Number(age) * 1_000 : 0);
  return Number.isNaN(dated) ? told : Math.min(told, dated);
}

export const namesIn = (list: string | null): string[] =>
  (list ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);

/** As CDNs write them: `Cache-Tag` with commas, `Surrogate-Key` with blanks. */
const tagsOf = (headers: Headers): string[] =>
  `${headers.get("cache-tag") ?? ""},${(headers.get("surrogate-key") ?? "").replaceAll(" ", ",")}`
    .split(",")
    .map((tag) => tag.trim())
    .filter(Boolean);
