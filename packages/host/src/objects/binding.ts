import type {
  BucketBinding,
  BucketCondition,
  BucketGetOptions,
  BucketListing,
  BucketListOptions,
  BucketMetadataOptions,
  BucketObject,
  BucketObjectBody,
  BucketPutOptions,
  BucketUpload,
  BucketValue,
} from "@trivet/platform";
import { readCondition } from "./conditions.ts";
import { contentOf, wholeContent } from "./content.ts";
import { checkDetails, readDetails } from "./details.ts";
import { expectedDigest } from "./digests.ts";
import type { ObjectDriver } from "./driver.ts";
import { checkKey, checkKeys, readKey, readKeys } from "./keys.ts";
import { checkLimit, listedObject, listQuery } from "./listing.ts";
import { objectOf, readObjectOf } from "./object.ts";
import { readRange } from "./ranges.ts";
import { answering } from "./refusal.ts";
import { bucketUpload } from "./upload.ts";

type Conditional = { onlyIf: BucketCondition | Headers };

/**
 * `[[r2_buckets]]` over a driver. What is wrong with an argument's shape is told before anything is asked
 * of the driver; what R2 refuses is told in R2's words.
 */
export class Bucket implements BucketBinding {
  readonly #driver: () => ObjectDriver;

  /** `driver` opens it at the first call and hands out the same one after that. */
  constructor(driver: () => ObjectDriver) {
    this.#driver = driver;
  }

  async head(key: string): Promise<BucketObject | null> {
    const name = readKey(key);
    return await answering("head", async () => {
      const stored = await this.#driver().head(checkKey(name));
      return stored ? objectOf(stored, { offset: 0, length: stored.size }) : null;
    });
  }

  get(key: string, options: BucketGetOptions & Conditional): Promise<BucketObjectBody | BucketObject | null>;
  get(key: string, options?: BucketGetOptions): Promise<BucketObjectBody | null>;
  async get(key: string, options?: BucketGetOptions): Promise<BucketObjectBody | BucketObject | null> {
    const name = readKey(key);
    const plan = { holds: readCondition(options?.onlyIf), range: readRange(options?.range) };
    return await answering("get", async () => {
      const reading = await this.#driver().read(checkKey(name), plan);
      return reading ? readObjectOf(reading) : null;
    });
  }

  put(key: string, value: BucketValue | null, options: BucketPutOptions & Conditional): Promise<BucketObject | null>;
  put(key: string, value: BucketValue | null, options?: BucketPutOptions): Promise<BucketObject>;
  async put(key: string, value: BucketValue | null, options?: BucketPutOptions): Promise<BucketObject | null> {
    const name = readKey(key);
    const details = readDetails(options);
    const holds = readCondition(options?.onlyIf);
    const expected = expectedDigest(options);
    const content = (value ?? null) === null ? wholeContent(new Uint8Array()) : await contentOf(value, "put");
    return await answering("put", async () => {
      try {
        checkDetails(details);
        const stored = await this.#driver().write(checkKey(name), { content, details, holds, expected });
        return stored ? objectOf(stored) : null;
      } finally {
        await content.discard(new Error("The stream was not stored"));
      }
    });
  }

  async delete(keys: string | string[]): Promise<void> {
    const names = readKeys(keys);
    await answering("delete", async () => {
      checkKeys(names);
      if (names.length > 0) await this.#driver().delete(names);
    });
  }

  async list(options?: BucketListOptions): Promise<BucketListing> {
    const query = listQuery(options);
    return await answering("list", async () => {
      checkLimit(query);
      const { objects, prefixes, cursor } = await this.#driver().list(query);
      const page = { objects: objects.map((stored) => listedObject(stored, query)), delimitedPrefixes: prefixes };
      return cursor === undefined ? { ...page, truncated: false } : { ...page, truncated: true, cursor };
    });
  }

  async createMultipartUpload(key: string, options?: BucketMetadataOptions): Promise<BucketUpload> {
    const name = readKey(key);
    const details = readDetails(options);
    return await answering("createMultipartUpload", async () => {
      checkDetails(details);
      return bucketUpload(this.#driver, name, await this.#driver().createUpload(checkKey(name), details));
    });
  }

  resumeMultipartUpload(key: string, uploadId: string): BucketUpload {
    return bucketUpload(this.#driver, readKey(key), String(uploadId));
  }
}
