import { Refusal } from "../refusal.ts";
import type { S3Settings } from "./settings.ts";

const dotSegment = /(?:^|\/)\.{1,2}(?:\/|$)/;

/** The URL of a bucket, or of an object in it. */
export function addressOf({ endpoint, addressing, bucketPrefix }: S3Settings, bucket: string, key?: string): URL {
  const name = bucketPrefix + bucket;
  const url = new URL(endpoint);
  if (addressing === "virtual") url.hostname = `${name}.${url.hostname}`;
  const base = url.pathname.replace(/\/+$/, "") + (addressing === "path" ? `/${name}` : "");
  // URLs fold such segments on the way, so that another object than the named one would be met.
  if (key === "" || (key !== undefined && dotSegment.test(key))) throw new Refusal("invalidObjectName");
  url.pathname = key === undefined ? base || "/" : `${base}/${key.split("/").map(encodeSegment).join("/")}`;
  return url;
}

/** Encoded as signatures want it: everything but RFC 3986's unreserved characters. */
const encodeSegment = (segment: string): string =>
  encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
