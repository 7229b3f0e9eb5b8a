import type {
  BucketChecksums,
  BucketHttpMetadata,
  BucketObject,
  BucketObjectBody,
  BucketRange,
} from "@trivet/platform";
import { writeHeaders } from "./details.ts";
import type { HttpFields, Reading, StoredObject } from "./driver.ts";

class StoredBucketObject implements BucketObject {
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly etag: string;
  readonly httpEtag: string;
  readonly checksums: BucketChecksums;
  readonly uploaded: Date;
  readonly httpMetadata: BucketHttpMetadata;
  readonly customMetadata: Record<string, string>;
  declare readonly range?: BucketRange;
  readonly storageClass: string;
  readonly #fields: HttpFields;

  constructor(stored: StoredObject, range?: BucketRange) {
    this.key = stored.key;
    this.version = stored.version;
    this.size = stored.size;
    this.etag = stored.etag;
    this.httpEtag = `"${stored.etag}"`;
    this.checksums = checksumsOf(stored);
    this.uploaded = new Date(stored.uploaded);
    this.httpMetadata = httpMetadataOf(stored.httpMetadata);
    this.customMetadata = { ...stored.customMetadata };
    if (range) this.range = range;
    this.storageClass = stored.storageClass;
    this.#fields = stored.httpMetadata;
  }

  writeHttpMetadata(headers: Headers): void {
    writeHeaders(this.#fields, headers);
  }
}

class ReadBucketObject extends StoredBucketObject implements BucketObjectBody {
  // A Response reads a stream once, in every form, on every runtime.
  readonly #response: Response;
  readonly #type: string;

  constructor(stored: StoredObject, range: BucketRange, body: ReadableStream<Uint8Array<ArrayBuffer>>) {
    super(stored, range);
    this.#response = new Response(body);
    this.#type = stored.httpMetadata.contentType ?? "";
  }

  get body(): ReadableStream<Uint8Array> {
    const { body } = this.#response;
    if (body === null) throw new TypeError("A Response made of a stream has one");
    return body;
  }

  get bodyUsed(): boolean {
    return this.#response.bodyUsed;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#response.arrayBuffer();
  }

  text(): Promise<string> {
    return this.#response.text();
  }

  json<T>(): Promise<T> {
    return this.#response.json();
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.#response.arrayBuffer()], { type: this.#type });
  }
}

export const objectOf = (stored: StoredObject, range?: BucketRange): BucketObject =>
  new StoredBucketObject(stored, range);

export function readObjectOf({ object, content }: Reading): BucketObject {
  if (content) return new ReadBucketObject(object, content.range, content.body);
  return new StoredBucketObject(object, { offset: 0, length: object.size });
}

function checksumsOf({ checksums }: StoredObject): BucketChecksums {
  const buffers = Object.entries(checksums).map(([name, hex]) => [
    name,
    new Uint8Array(Buffer.from(hex, "hex")).buffer,
  ]);
  return Object.assign(Object.fromEntries(buffers), { toJSON: () => ({ ...checksums }) });
}

function httpMetadataOf({ cacheExpiry, ...texts }: HttpFields): BucketHttpMetadata {
  return cacheExpiry === undefined ? texts : { ...texts, cacheExpiry: new Date(cacheExpiry) };
}
