import { measure } from "../digests.ts";
import type { NamedPart, ObjectDriver, StoredObject } from "../driver.ts";
import { Refusal } from "../refusal.ts";
import { checkParts } from "../upload.ts";
import { newVersion } from "../version.ts";
import type { S3Client } from "./client.ts";
import { S3Fault } from "./fault.ts";
import { describe } from "./metadata.ts";
import { abortUpload, completeUpload, createUpload, putPart } from "./parts.ts";
import { spooled } from "./pieces.ts";
import { headObject } from "./read.ts";

type Uploads = Pick<ObjectDriver, "createUpload" | "uploadPart" | "completeUpload" | "abortUpload">;

/** Multipart uploads of a bucket's callers. An etag of theirs tells the size of its part beside S3's etag. */
export function s3Uploads(client: S3Client): Uploads {
  return {
    createUpload: (key, details) => createUpload(client, key, describe(details, newVersion())),
    uploadPart: (key, uploadId, number, content) =>
      refusing(async () => {
        const measured = measure();
        return await spooled(content, measured, async (payload) => {
          const { md5, size } = measured.finish();
          return `${await putPart(client, key, uploadId, number, payload, md5)}.${size}`;
        });
      }),
    completeUpload: (key, uploadId, named) =>
      refusing(async () => {
        const parts = named.map(sentPart);
        const sizes = parts.map(({ size }) => size);
        checkParts(named, sizes);
        const completed = await completeUpload(client, key, uploadId, parts);
        if (completed === undefined) throw new Error("Nothing was asked that could have been refused");
        const size = sizes.reduce((sum, one) => sum + one, 0);
        return await completedObject(client, key, { ...completed, size });
      }),
    abortUpload: (key, uploadId) => abortUpload(client, key, uploadId),
  };
}

function sentPart({ number, etag }: NamedPart): NamedPart & { size: number } {
  const [, own = "", size = ""] = /^(.+)\.(\d+)$/.exec(etag) ?? [];
  if (own === "") throw new Refusal("invalidPart");
  return { number, etag: own, size: Number(size) };
}

/** What is there, unless somebody has overwritten it already; of that one the metadata is not known here. */
async function completedObject(
  client: S3Client,
  key: string,
  own: Pick<StoredObject, "etag" | "uploaded" | "size">,
): Promise<StoredObject> {
  const stored = await headObject(client, key);
  if (stored?.etag === own.etag) return stored;
  const unknown = { checksums: {}, httpMetadata: {}, customMetadata: {}, storageClass: "Standard" };
  return { key, version: own.etag, ...own, ...unknown };
}

const refusals = {
  NoSuchUpload: "noSuchUpload",
  InvalidPart: "invalidPart",
  InvalidPartOrder: "invalidPart",
  EntityTooSmall: "entityTooSmall",
  EntityTooLarge: "entityTooLarge",
} as const;

/** What an endpoint refuses in the words that R2 has for it. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof S3Fault)) throw error;
    for (const [code, refusal] of Object.entries(refusals)) {
      if (error.code === code) throw new Refusal(refusal, { cause: error });
    }
    throw error;
  }
}
