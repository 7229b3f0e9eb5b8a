import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { measure } from "../digests.ts";
import type { Details, NamedPart, ObjectDriver, StoredObject } from "../driver.ts";
import { Refusal } from "../refusal.ts";
import { checkParts } from "../upload.ts";
import { newVersion } from "../version.ts";
import type { Blobs } from "./blobs.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Part, UploadTable } from "./upload-table.ts";

type Uploads = Pick<ObjectDriver, "createUpload" | "uploadPart" | "completeUpload" | "abortUpload">;

const newId = (): string => randomBytes(32).toString("base64url");

/** Multipart uploads: every part is a blob, and completing copies them into one. */
export function filedUploads(catalogue: Catalogue, blobs: Blobs, table: UploadTable): Uploads {
  return {
    async createUpload(key, details) {
      const id = newId();
      await catalogue.change(() => table.begin(id, key, details));
      return id;
    },
    async uploadPart(key, id, number, content) {
      table.open(key, id);
      const measured = measure();
      const blob = await blobs.write(content.chunks(), measured);
      const { size, md5 } = measured.finish();
      const part = { number, blob, size, md5, etag: newId() };
      return await blobs.keepIf([blob], async () => {
        const replaced = await catalogue.change(() => {
          table.open(key, id);
          const before = table.parts(id).find((one) => one.number === number);
          table.put(id, part);
          return before?.blob;
        });
        if (replaced !== undefined) await blobs.remove([replaced]);
        return part.etag;
      });
    },
    async completeUpload(key, id, named) {
      const details = table.open(key, id);
      const parts = choose(named, table.parts(id));
      const object = completedObject(key, details, parts);
      const blob = await joined(blobs, parts);
      return await blobs.keepIf(parts.length > 1 ? [blob] : [], async () => {
        const left = await catalogue.change(() => {
          table.open(key, id);
          // A part that was replaced while they were copied is not the one that was named.
          choose(named, table.parts(id));
          const before = catalogue.find(key);
          catalogue.put({ object, blob });
          return [...table.end(key, id), ...(before ? [before.blob] : [])];
        });
        await blobs.remove(left.filter((name) => name !== blob));
        return object;
      });
    },
    async abortUpload(key, id) {
      await blobs.remove(await catalogue.change(() => table.end(key, id)));
    },
  };
}

/** The named parts in the order of their numbers. */
function choose(named: readonly NamedPart[], uploaded: readonly Part[]): Part[] {
  const chosen = named.map(({ number, etag }) => {
    const part = uploaded.find((one) => one.number === number && one.etag === etag);
    if (!part) throw new Refusal("invalidPart");
    return part;
  });
  checkParts(
    named,
    chosen.map(({ size }) => size),
  );
  return chosen.sort((one, other) => one.number - other.number);
}

/** A single part is the object already; several are copied into a blob of their own. */
async function joined(blobs: Blobs, parts: readonly Part[]): Promise<string> {
  const [first] = parts;
  return first && parts.length === 1 ? first.blob : await blobs.write(bytesOfAll(blobs, parts));
}

async function* bytesOfAll(blobs: Blobs, parts: readonly Part[]): AsyncGenerator<Uint8Array> {
  for (const { blob, size } of parts) {
    let copied = 0;
    for await (const chunk of createReadStream(blobs.pathOf(blob), { highWaterMark: 1024 * 1024 })) {
      copied += chunk.byteLength;
      yield chunk;
    }
    if (copied !== size) throw new Error("The file of a part is shorter than the part");
  }
}

/** The etag as S3 and R2 make it: the MD5 of the parts' MD5s, and their number. */
function completedObject(key: string, details: Details, parts: readonly Part[]): StoredObject {
  const md5 = createHash("md5");
  for (const part of parts) md5.update(part.md5, "hex");
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const etag = `${md5.digest("hex")}-${parts.length}`;
  return { key, version: newVersion(), size, etag, uploaded: Date.now(), checksums: {}, ...details };
}
