import type { BucketDigest } from "@trivet/platform";
import { z } from "zod";
import { fieldsOfHeaders, writeHeaders } from "../details.ts";
import type { Details, HttpFields, StoredObject } from "../driver.ts";
import { malformed } from "./fault.ts";

const prefix = "x-amz-meta-";
const reserved = "trivet";

/**
 * What headers cannot carry, or carry differently, in one header of base64url JSON: the version, digests,
 * names and values beyond plain ASCII, and HTTP metadata where a store would fill in a default.
 */
const extras = z.object({
  version: z.string(),
  checksums: z.partialRecord(z.enum(["md5", "sha1", "sha256", "sha384", "sha512"]), z.string()).optional(),
  custom: z.record(z.string(), z.string()).optional(),
  http: z
    .object({
      contentType: z.string(),
      contentLanguage: z.string(),
      contentDisposition: z.string(),
      contentEncoding: z.string(),
      cacheControl: z.string(),
      cacheExpiry: z.number(),
    })
    .partial()
    .optional(),
});

type Extras = z.output<typeof extras>;

/** The headers that a new object is described by. Other clients of the store read those that are plain. */
export function describe(
  { httpMetadata, customMetadata, storageClass }: Details,
  version: string,
  checksums: StoredObject["checksums"] = {},
): Headers {
  const headers = new Headers();
  const told: Extras = { version };
  if (Object.keys(checksums).length > 0) told.checksums = { ...checksums };
  const custom = Object.entries(customMetadata);
  const plain = custom.filter(([name, value]) => isPlainName(name) && isPlain(value));
  for (const [name, value] of plain) headers.set(prefix + name, value);
  if (plain.length < custom.length) {
    told.custom = Object.fromEntries(custom.filter((entry) => !plain.includes(entry)));
  }
  if (!isPlainHttp(httpMetadata)) told.http = httpMetadata;
  writeHeaders(plainFields(httpMetadata), headers);
  if (storageClass === "InfrequentAccess") headers.set("x-amz-storage-class", "STANDARD_IA");
  headers.set(prefix + reserved, Buffer.from(JSON.stringify(told)).toString("base64url"));
  return headers;
}

const isPlain = (value: string): boolean => /^[!-~](?:[ -~]*[!-~])?$/.test(value);
const isPlainName = (name: string): boolean => /^[a-z\d][a-z\d-]*$/.test(name) && name !== reserved;

const isPlainHttp = ({ cacheExpiry = 0, ...texts }: HttpFields): boolean =>
  texts.contentType !== undefined && cacheExpiry % 1_000 === 0 && Object.values(texts).every(isPlain);

const plainFields = (fields: HttpFields): HttpFields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => typeof value === "number" || isPlain(value)));

/** The object that the headers of a HEAD or a GET describe. */
export function described(key: string, headers: Headers): StoredObject {
  const told = extrasIn(headers);
  const etag = etagIn(headers);
  return {
    key,
    version: told?.version ?? etag,
    size: sizeIn(headers),
    etag,
    uploaded: dateIn(headers, "last-modified"),
    checksums: { ...md5Of(etag, headers), ...told?.checksums },
    httpMetadata: defined(told?.http ?? fieldsOfHeaders(headers)),
    customMetadata: { ...plainCustom(headers), ...told?.custom },
    storageClass: storageClassOf(headers.get("x-amz-storage-class")),
  };
}

function extrasIn(headers: Headers): Extras | undefined {
  const given = headers.get(prefix + reserved);
  if (given === null) return undefined;
  try {
    return extras.parse(JSON.parse(Buffer.from(given, "base64url").toString()));
  } catch {
    throw malformed(`with an ${prefix}${reserved} that is none of ours`);
  }
}

const plainCustom = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith(prefix) && name !== prefix + reserved)
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );

/** A zod object has its absent fields absent; its type says they might be undefined. */
const defined = (fields: { [K in keyof HttpFields]?: HttpFields[K] | undefined }): HttpFields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export const storageClassOf = (given: string | null | undefined): string =>
  given === "STANDARD_IA" ? "InfrequentAccess" : "Standard";

export const bareEtag = (etag: string): string => etag.replace(/^W\//, "").replace(/^"(.*)"$/, "$1");

export function etagIn(headers: Headers): string {
  const etag = headers.get("etag");
  if (!etag) throw malformed("without an ETag");
  return bareEtag(etag);
}

function sizeIn(headers: Headers): number {
  const size = Number(
    /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1] ?? headers.get("content-length") ?? Number.NaN,
  );
  if (!Number.isSafeInteger(size)) throw malformed("without the size of the object");
  return size;
}

function dateIn(headers: Headers, name: string): number {
  const time = Date.parse(headers.get(name) ?? "");
  if (Number.isNaN(time)) throw malformed(`without a date as ${name}`);
  return time;
}

/** Under a key of a key management service an etag says nothing of the bytes. */
export const isDigest = (etag: string, headers: Headers): boolean =>
  /^[\da-f]{32}$/.test(etag) && !headers.get("x-amz-server-side-encryption")?.startsWith("aws:kms");

const md5Of = (etag: string, headers: Headers): Partial<Record<BucketDigest, string>> =>
  isDigest(etag, headers) ? { md5: etag } : {};
