import type { BucketMetadataOptions } from "@trivet/platform";
import type { Details, HttpFields } from "./driver.ts";
import { Refusal } from "./refusal.ts";

const mostBytes = 8_192;

/** The fields that are texts, each with its header. Beside them there is `cacheExpiry`, a date. */
const textFields = [
  ["contentType", "content-type"],
  ["contentLanguage", "content-language"],
  ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"],
  ["cacheControl", "cache-control"],
] as const;

/** The metadata options of `put` and `createMultipartUpload`. What is too large is refused by `checkDetails`. */
export function readDetails(options: BucketMetadataOptions | undefined): Details {
  return {
    httpMetadata: readHttpMetadata(options?.httpMetadata),
    customMetadata: readCustomMetadata(options?.customMetadata),
    storageClass: String(options?.storageClass ?? "Standard"),
  };
}

export function checkDetails({ customMetadata }: Details): void {
  const size = Object.entries(customMetadata).reduce((sum, [name, value]) => sum + length(name) + length(value), 0);
  if (size > mostBytes) throw new Refusal("metadataTooLarge");
}

/** As R2 counts: a text that goes beyond Latin-1 takes two bytes for each UTF-16 unit. */
const length = (text: string): number => (/[\u0100-\uffff]/.test(text) ? text.length * 2 : text.length);

function readHttpMetadata(given: unknown): HttpFields {
  if (given === undefined || given === null) return {};
  if (typeof given !== "object") throw new TypeError("The 'httpMetadata' must be an object or Headers.");
  return given instanceof Headers ? fieldsOfHeaders(given) : fieldsOfObject(given);
}

/** HTTP metadata as the headers of a message say it. A date that is none is long past, as for caches. */
export function fieldsOfHeaders(headers: Headers): HttpFields {
  const fields: HttpFields = {};
  for (const [name, header] of textFields) {
    const value = headers.get(header);
    if (value !== null) fields[name] = value;
  }
  const expires = headers.get("expires");
  if (expires !== null) fields.cacheExpiry = Date.parse(expires) || 0;
  return fields;
}

function fieldsOfObject(given: object): HttpFields {
  const fields: HttpFields = {};
  const values: Partial<Record<string, unknown>> = { ...given };
  for (const [name] of textFields) {
    const value = values[name];
    if (value !== undefined && value !== null) fields[name] = String(value).toWellFormed();
  }
  const expiry = values.cacheExpiry;
  if (expiry === undefined || expiry === null) return fields;
  const time = expiry instanceof Date ? expiry.getTime() : Number.NaN;
  if (Number.isNaN(time)) throw new TypeError("The 'cacheExpiry' must be a valid Date.");
  return { ...fields, cacheExpiry: time };
}

export function writeHeaders(fields: HttpFields, headers: Headers): void {
  for (const [name, header] of textFields) {
    const value = fields[name];
    if (value !== undefined) headers.set(header, value);
  }
  if (fields.cacheExpiry !== undefined) headers.set("expires", new Date(fields.cacheExpiry).toUTCString());
}

function readCustomMetadata(given: unknown): Record<string, string> {
  if (given === undefined || given === null) return {};
  if (typeof given !== "object") throw new TypeError("The 'customMetadata' must be an object.");
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.toWellFormed(), String(value).toWellFormed()]),
  );
}
