/**
 * `[[r2_buckets]]`: objects by key, the part of Cloudflare R2's Workers API that Trivet relies on.
 *
 * A refusal is a plain `Error` whose message is `<method>: <sentence> (<R2's code>)`, as on Cloudflare;
 * an argument of the wrong shape is a `TypeError` or a `RangeError`.
 */
export interface BucketBinding {
  head(key: string): Promise<BucketObject | null>;
  /** Null where there is no such object; without a `body` where `onlyIf` does not hold. */
  get(
    key: string,
    options: BucketGetOptions & { onlyIf: BucketCondition | Headers },
  ): Promise<BucketObjectBody | BucketObject | null>;
  get(key: string, options?: BucketGetOptions): Promise<BucketObjectBody | null>;
  /** Null where `onlyIf` does not hold: nothing was stored. */
  put(
    key: string,
    value: BucketValue | null,
    options: BucketPutOptions & { onlyIf: BucketCondition | Headers },
  ): Promise<BucketObject | null>;
  put(key: string, value: BucketValue | null, options?: BucketPutOptions): Promise<BucketObject>;
  /** Up to 1,000 keys; those that are not there count as deleted. */
  delete(keys: string | string[]): Promise<void>;
  /** In the order of the keys' UTF-8 bytes. */
  list(options?: BucketListOptions): Promise<BucketListing>;
  createMultipartUpload(key: string, options?: BucketMetadataOptions): Promise<BucketUpload>;
  /** Checks nothing: whether the upload exists shows when it is used. */
  resumeMultipartUpload(key: string, uploadId: string): BucketUpload;
}

/**
 * On Workers a stream must know its length, as the body of a request or a response that declares one
 * does; the host cannot tell and takes any.
 */
export type BucketValue = ReadableStream<Uint8Array> | ArrayBuffer | ArrayBufferView | string | Blob;

/** Headers are read as HTTP reads `If-Match`, `If-None-Match`, `If-Modified-Since` and `If-Unmodified-Since`. */
export interface BucketCondition {
  /** Without quotes; `*` stands for any. */
  etagMatches?: string;
  etagDoesNotMatch?: string;
  uploadedBefore?: Date;
  uploadedAfter?: Date;
  /** Compares whole seconds, the precision of an HTTP date. */
  secondsGranularity?: boolean;
}

/** Bytes. A length beyond the end is cut; a suffix goes with neither of the others. */
export interface BucketRange {
  offset?: number;
  length?: number;
  suffix?: number;
}

export interface BucketGetOptions {
  onlyIf?: BucketCondition | Headers;
  /** Of headers, `Range`; one that cannot be satisfied is passed over, while an object's is an error. */
  range?: BucketRange | Headers;
}

export interface BucketHttpMetadata {
  contentType?: string;
  contentLanguage?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  cacheControl?: string;
  cacheExpiry?: Date;
}

export interface BucketMetadataOptions {
  httpMetadata?: BucketHttpMetadata | Headers;
  /** At most 8,192 bytes, names and values together. */
  customMetadata?: Record<string, string>;
  storageClass?: string;
}

/** At most one of the digests, as bytes or as hexadecimal digits: what does not have it is not stored. */
export interface BucketPutOptions extends BucketMetadataOptions {
  onlyIf?: BucketCondition | Headers;
  md5?: ArrayBuffer | ArrayBufferView | string;
  sha1?: ArrayBuffer | ArrayBufferView | string;
  sha256?: ArrayBuffer | ArrayBufferView | string;
  sha384?: ArrayBuffer | ArrayBufferView | string;
  sha512?: ArrayBuffer | ArrayBufferView | string;
}

export type BucketDigest = "md5" | "sha1" | "sha256" | "sha384" | "sha512";

export interface BucketChecksums extends Readonly<Partial<Record<BucketDigest, ArrayBuffer>>> {
  toJSON(): Partial<Record<BucketDigest, string>>;
}

export interface BucketObject {
  readonly key: string;
  /** Different for every upload of a key. */
  readonly version: string;
  readonly size: number;
  readonly etag: string;
  /** The etag in quotes, as a header has it. */
  readonly httpEtag: string;
  readonly checksums: BucketChecksums;
  readonly uploaded: Date;
  readonly httpMetadata?: BucketHttpMetadata;
  readonly customMetadata?: Record<string, string>;
  readonly range?: BucketRange;
  readonly storageClass: string;
  writeHttpMetadata(headers: Headers): void;
}

export interface BucketObjectBody extends BucketObject {
  readonly body: ReadableStream<Uint8Array>;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
  text(): Promise<string>;
  json<T>(): Promise<T>;
  blob(): Promise<Blob>;
}

export interface BucketListOptions {
  /** 1 to 1,000, which is also the default; at most 100 come with `include`. */
  limit?: number;
  prefix?: string;
  cursor?: string;
  /** Keys that have it behind the prefix are told as one, up to and with it. */
  delimiter?: string;
  startAfter?: string;
  include?: ("httpMetadata" | "customMetadata")[];
}

export type BucketListing = { objects: BucketObject[]; delimitedPrefixes: string[] } & (
  | { truncated: true; cursor: string }
  | { truncated: false }
);

/** All parts but the last have one size, 5 MiB or more. */
export interface BucketUpload {
  readonly key: string;
  readonly uploadId: string;
  /** Numbers are 1 to 10,000; a number that comes again replaces its part. */
  uploadPart(partNumber: number, value: BucketValue): Promise<BucketPart>;
  complete(parts: BucketPart[]): Promise<BucketObject>;
  abort(): Promise<void>;
}

export interface BucketPart {
  partNumber: number;
  etag: string;
}
