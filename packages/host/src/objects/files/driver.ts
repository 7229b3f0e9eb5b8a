import { join } from "node:path";
import { measure } from "../digests.ts";
import type { ObjectDriver, Reading, ReadPlan, StoredObject, Writing } from "../driver.ts";
import { newVersion } from "../version.ts";
import { blobBody } from "./blob-body.ts";
import { type Blobs, openBlobs } from "./blobs.ts";
import { type Catalogue, openCatalogue } from "./catalogue.ts";
import { listPage } from "./page.ts";
import { startSweeping } from "./sweep.ts";
import { openUploadTable } from "./upload-table.ts";
import { filedUploads } from "./uploads.ts";

/** A bucket in a folder: a catalogue of what there is, and a file for the bytes of each object. */
export function openFiles(directory: string): ObjectDriver {
  const catalogue = openCatalogue(directory);
  const blobs = openBlobs(join(directory, "blobs"));
  const table = openUploadTable(catalogue);
  const sweeping = startSweeping(catalogue, blobs, table);
  return {
    ...filedUploads(catalogue, blobs, table),
    head: (key) => Promise.resolve(catalogue.find(key)?.object),
    read: (key, plan) => readObject(catalogue, blobs, key, plan),
    write: (key, writing) => writeObject(catalogue, blobs, key, writing),
    async delete(keys) {
      const left = await catalogue.change(() =>
        keys.flatMap((key) => {
          const entry = catalogue.find(key);
          catalogue.delete(key);
          return entry ? [entry.blob] : [];
        }),
      );
      await blobs.remove(left);
    },
    list: (query) => Promise.resolve(listPage(catalogue, query)),
    async close() {
      await sweeping.stop();
      catalogue.close();
    },
  };
}

async function writeObject(
  catalogue: Catalogue,
  blobs: Blobs,
  key: string,
  { content, details, expected, holds }: Writing,
): Promise<StoredObject | undefined> {
  // Bytes that nobody will want need not be written; what counts is asked again below.
  if (holds && !holds(catalogue.find(key)?.object)) return undefined;
  const measured = measure(expected);
  const blob = await blobs.write(content.chunks(), measured);
  return await blobs.keepIf([blob], async () => {
    const { size, md5, checksums } = measured.finish();
    const object = { key, version: newVersion(), size, etag: md5, uploaded: Date.now(), checksums, ...details };
    // The one moment at which the old object ends and the new one begins.
    const { stored, left } = await catalogue.change(() => {
      const before = catalogue.find(key);
      if (holds && !holds(before?.object)) return { stored: undefined, left: blob };
      catalogue.put({ object, blob });
      return { stored: object, left: before?.blob };
    });
    if (left !== undefined) await blobs.remove([left]);
    return stored;
  });
}

async function readObject(
  catalogue: Catalogue,
  blobs: Blobs,
  key: string,
  { holds, range }: ReadPlan,
): Promise<Reading | undefined> {
  let missing: string | undefined;
  while (true) {
    const entry = catalogue.find(key);
    if (!entry) return undefined;
    const { object, blob } = entry;
    if (holds && !holds(object)) return { object };
    const selected = range?.(object.size) ?? { offset: 0, length: object.size };
    try {
      return { object, content: { range: selected, body: await blobBody(blobs.pathOf(blob), selected) } };
    } catch (error) {
      // It was overwritten between the look into the catalogue and the opening of the file: look again.
      if (missing === blob || !isMissing(error)) throw error;
      missing = blob;
    }
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
