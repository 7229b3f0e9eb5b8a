import type { BucketPart, BucketUpload } from "@trivet/platform";
import { contentOf } from "./content.ts";
import type { NamedPart, ObjectDriver } from "./driver.ts";
import { checkKey } from "./keys.ts";
import { objectOf } from "./object.ts";
import { answering, Refusal } from "./refusal.ts";

const mostParts = 10_000;
const smallestPart = 5 * 2 ** 20;

/** One multipart upload, new or resumed. */
export function bucketUpload(driver: () => ObjectDriver, key: string, uploadId: string): BucketUpload {
  return {
    key,
    uploadId,
    async uploadPart(partNumber, value) {
      const number = readNumber(partNumber);
      const content = await contentOf(value, "uploadPart");
      return await answering("uploadPart", async () => {
        try {
          return { partNumber: number, etag: await driver().uploadPart(checkKey(key), uploadId, number, content) };
        } finally {
          await content.discard(new Error("The stream was not stored"));
        }
      });
    },
    async complete(parts) {
      const named = readParts(parts);
      return await answering("completeMultipartUpload", async () =>
        objectOf(await driver().completeUpload(checkKey(key), uploadId, named)),
      );
    },
    async abort() {
      await answering("abortMultipartUpload", () => driver().abortUpload(checkKey(key), uploadId));
    },
  };
}

function readNumber(given: unknown): number {
  const number = Math.trunc(Number(given));
  if (number >= 1 && number <= mostParts) return number;
  throw new TypeError(`Part number must be between 1 and ${mostParts} (inclusive). Actual value was: ${String(given)}`);
}

function readParts(parts: readonly BucketPart[]): NamedPart[] {
  if (!Array.isArray(parts)) throw new TypeError("The parts must be an array.");
  return parts.map(({ partNumber, etag }) => ({ number: readNumber(partNumber), etag: String(etag) }));
}

/**
 * What R2 asks of parts that are to become one object, whatever the store would take: no number twice, all
 * but the last of one size, and that not small. `sizes` are in the order in which the parts were named.
 */
export function checkParts(parts: readonly NamedPart[], sizes: readonly number[]): void {
  if (parts.length === 0) throw new Refusal("invalidPart");
  if (new Set(parts.map(({ number }) => number)).size < parts.length) throw new Refusal("invalidPart");
  if (sizes.slice(0, -1).some((size) => size < smallestPart)) throw new Refusal("entityTooSmall");
  const inOrder = parts
    .map(({ number }, index) => ({ number, size: sizes[index] ?? 0 }))
    .sort((one, other) => one.number - other.number)
    .map(({ size }) => size);
  const [first = 0] = inOrder;
  const uneven = inOrder.slice(0, -1).some((size) => size !== first) || (inOrder.at(-1) ?? 0) > first;
  if (parts.length > 1 && uneven) throw new Refusal("badUpload");
}
