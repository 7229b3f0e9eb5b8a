import { createHash } from "node:crypto";
import type { BucketDigest, BucketPutOptions } from "@trivet/platform";
import { Refusal } from "./refusal.ts";

const kinds = {
  md5: { title: "MD5", bytes: 16 },
  sha1: { title: "SHA-1", bytes: 20 },
  sha256: { title: "SHA-256", bytes: 32 },
  sha384: { title: "SHA-384", bytes: 48 },
  sha512: { title: "SHA-512", bytes: 64 },
} as const satisfies Record<BucketDigest, { title: string; bytes: number }>;

const names: readonly BucketDigest[] = ["md5", "sha1", "sha256", "sha384", "sha512"];

export interface Expected {
  digest: BucketDigest;
  hex: string;
}

/** The one digest that the options of `put` ask for. */
export function expectedDigest(options: BucketPutOptions = {}): Expected | undefined {
  const given = names.filter((name) => options[name] !== undefined && options[name] !== null);
  if (given.length > 1) throw new TypeError("You cannot specify multiple hashing algorithms.");
  const [digest] = given;
  return digest === undefined ? undefined : { digest, hex: hexOf(digest, options[digest]) };
}

function hexOf(digest: BucketDigest, value: unknown): string {
  const { title, bytes } = kinds[digest];
  if (typeof value === "string") {
    if (value.length !== bytes * 2) throw new TypeError(`${title} is ${bytes * 2} hex characters, not ${value.length}`);
    if (!/^[\da-f]*$/i.test(value)) throw new TypeError(`Provided ${title} wasn't a valid hex string`);
    return value.toLowerCase();
  }
  const view = viewOf(value);
  if (!view) throw new TypeError(`The '${digest}' must be an ArrayBuffer, an ArrayBufferView or a string.`);
  if (view.byteLength !== bytes) throw new TypeError(`${title} is ${bytes} bytes, not ${view.byteLength}`);
  return Buffer.from(view).toString("hex");
}

function viewOf(value: unknown): Uint8Array | undefined {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined;
}

/** Counts and digests bytes on their way. MD5 always: it is the etag. */
export interface Measure {
  add(chunk: Uint8Array): void;
  /** Bytes so far. */
  size(): number;
  /** Throws a `Refusal` where the bytes do not have the expected digest. */
  finish(): { size: number; md5: string; checksums: Partial<Record<BucketDigest, string>> };
}

export function measure(expected?: Expected): Measure {
  const md5 = createHash("md5");
  const other = expected && expected.digest !== "md5" ? createHash(expected.digest) : undefined;
  let size = 0;
  return {
    size: () => size,
    add(chunk) {
      size += chunk.byteLength;
      if (size > largestUpload) throw new Refusal("entityTooLarge");
      md5.update(chunk);
      other?.update(chunk);
    },
    finish() {
      const md5Hex = md5.digest("hex");
      if (expected === undefined) return { size, md5: md5Hex, checksums: { md5: md5Hex } };
      const actual = other?.digest("hex") ?? md5Hex;
      if (actual !== expected.hex) throw badDigest(expected, actual);
      return { size, md5: md5Hex, checksums: { md5: md5Hex, [expected.digest]: actual } };
    },
  };
}

/** 5 GiB less 5 MiB: what R2 takes in one piece. */
const largestUpload = 5 * 2 ** 30 - 5 * 2 ** 20;

function badDigest({ digest, hex }: Expected, actual: string): Refusal {
  const { title } = kinds[digest];
  const sentence = [
    `The ${title} checksum you specified did not match what we received.`,
    `You provided a ${title} checksum with value: ${hex}`,
    `Actual ${title} was: ${actual}`,
  ].join("\n");
  return new Refusal("badDigest", { sentence });
}
