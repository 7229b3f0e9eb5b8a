import type { Listing, ListQuery, StoredObject } from "../driver.ts";
import type { S3Client } from "./client.ts";
import { malformed } from "./fault.ts";
import { bareEtag, storageClassOf } from "./metadata.ts";
import { headObject } from "./read.ts";
import { childrenOf, type Element, rootOf, textOf } from "./xml.ts";

/** A listing names neither metadata nor digests; each object is asked for them where they are wanted. */
const headsAtOnce = 16;

export async function listObjects(client: S3Client, query: ListQuery): Promise<Listing> {
  const answer = await client.call({ method: "GET", query: parametersOf(query), expect: [200] });
  const root = rootOf(await answer.text(), "ListBucketResult");
  const objects = childrenOf(root, "Contents").map(listedObject);
  const prefixes = childrenOf(root, "CommonPrefixes").map((element) => decoded(required(element, "Prefix")));
  const more = textOf(root, "IsTruncated") === "true";
  const cursor = more ? required(root, "NextContinuationToken") : undefined;
  return { objects: query.include.size > 0 ? await inFull(client, objects) : objects, prefixes, cursor };
}

function parametersOf({ prefix, delimiter, startAfter, cursor, limit }: ListQuery): Record<string, string> {
  return {
    "list-type": "2",
    // Keys may hold what XML cannot.
    "encoding-type": "url",
    "max-keys": String(limit),
    ...(prefix === "" ? {} : { prefix }),
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(startAfter === undefined ? {} : { "start-after": startAfter }),
    ...(cursor === undefined ? {} : { "continuation-token": cursor }),
  };
}

function listedObject(element: Element): StoredObject {
  const etag = bareEtag(required(element, "ETag"));
  const size = Number(required(element, "Size"));
  const uploaded = Date.parse(required(element, "LastModified"));
  if (!Number.isSafeInteger(size) || Number.isNaN(uploaded)) throw malformed("with an object of no size or date");
  return {
    key: decoded(required(element, "Key")),
    version: etag,
    size,
    etag,
    // Whole seconds, which is what an object says of itself.
    uploaded: Math.floor(uploaded / 1_000) * 1_000,
    checksums: {},
    httpMetadata: {},
    customMetadata: {},
    storageClass: storageClassOf(textOf(element, "StorageClass")),
  };
}

function required(element: Element, name: string): string {
  const text = textOf(element, name);
  if (text === undefined) throw malformed(`without ${name} in a listing`);
  return text;
}

/** Some write a space as `+`, as forms do; a plus sign is encoded by all. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw malformed("with a key that is not encoded as was asked for");
  }
}

/** The same objects as they tell of themselves; one that has gone since is left out. */
async function inFull(client: S3Client, listed: readonly StoredObject[]): Promise<StoredObject[]> {
  const full: (StoredObject | undefined)[] = listed.map(() => undefined);
  const waiting = listed.entries();
  const work = async (): Promise<void> => {
    for (const [index, { key }] of waiting) full[index] = await headObject(client, key);
  };
  await Promise.all(Array.from({ length: headsAtOnce }, work));
  return full.filter((object) => object !== undefined);
}
