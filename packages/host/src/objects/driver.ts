import type { BucketDigest } from "@trivet/platform";
import type { Content } from "./content.ts";

/** What a caller says about an object beside its bytes. Times are milliseconds since 1970. */
export interface Details {
  httpMetadata: HttpFields;
  customMetadata: Readonly<Record<string, string>>;
  storageClass: string;
}

export interface HttpFields {
  contentType?: string;
  contentLanguage?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  cacheControl?: string;
  cacheExpiry?: number;
}

/** What is known of a stored object. Plain data, so that a driver can keep it as JSON. */
export interface StoredObject extends Details {
  key: string;
  version: string;
  size: number;
  etag: string;
  uploaded: number;
  /** Hexadecimal. */
  checksums: Readonly<Partial<Record<BucketDigest, string>>>;
}

/** Whether a condition holds for what is stored under the key now. */
export type Holds = (current: StoredObject | undefined) => boolean;

export interface ByteRange {
  offset: number;
  length: number;
}

/** Which bytes of an object of this size are wanted. May throw a `Refusal`. */
export type SelectRange = (size: number) => ByteRange;

export interface ReadPlan {
  /** Left out where any state of the object will do. */
  holds?: Holds | undefined;
  /** Left out for the whole object. */
  range?: SelectRange | undefined;
}

export interface Reading {
  object: StoredObject;
  /** Left out where the plan's condition did not hold. */
  content?: { range: ByteRange; body: ReadableStream<Uint8Array<ArrayBuffer>> };
}

export interface Writing {
  content: Content;
  details: Details;
  /** A digest that the bytes must have. */
  expected?: { digest: BucketDigest; hex: string } | undefined;
  holds?: Holds | undefined;
}

export interface ListQuery {
  prefix: string;
  delimiter: string | undefined;
  startAfter: string | undefined;
  cursor: string | undefined;
  limit: number;
  /** Which metadata of the objects will be looked at; the other may be left empty. */
  include: ReadonlySet<unknown>;
}

export interface Listing {
  objects: StoredObject[];
  prefixes: string[];
  /** Where the next page begins, if there is one. */
  cursor: string | undefined;
}

/** A part as the caller names it. */
export interface NamedPart {
  number: number;
  etag: string;
}

/**
 * Where the objects of one bucket are. Arguments have been checked by the binding; refusals that the
 * caller is to see are thrown as `Refusal`, and any other error is an internal one.
 */
export interface ObjectDriver {
  head(key: string): Promise<StoredObject | undefined>;
  read(key: string, plan: ReadPlan): Promise<Reading | undefined>;
  /** Undefined where the condition did not hold. All or nothing, also when the process dies. */
  write(key: string, writing: Writing): Promise<StoredObject | undefined>;
  delete(keys: readonly string[]): Promise<void>;
  list(query: ListQuery): Promise<Listing>;
  createUpload(key: string, details: Details): Promise<string>;
  /** Resolves with the part's etag. */
  uploadPart(key: string, uploadId: string, number: number, content: Content): Promise<string>;
  completeUpload(key: string, uploadId: string, parts: readonly NamedPart[]): Promise<StoredObject>;
  abortUpload(key: string, uploadId: string): Promise<void>;
  close(): Promise<void>;
}
