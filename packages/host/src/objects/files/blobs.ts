import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Measure } from "../digests.ts";

/**
 * The bytes of objects and parts, each in a file of its own that is written once. A name says nothing of
 * the key, so no key can be too long, too odd or too like another for a file system.
 */
export interface Blobs {
  /** Resolves with the name of the file once its bytes would survive a power failure. */
  write(chunks: AsyncIterable<Uint8Array>, measured?: Measure): Promise<string>;
  /** Does what makes use of these blobs; when it fails, or when a sweep has taken one, they are removed. */
  keepIf<T>(names: readonly string[], use: () => Promise<T>): Promise<T>;
  pathOf(name: string): string;
  remove(names: readonly string[]): Promise<void>;
  /** Names of files that nobody has written to since `time`. */
  untouchedSince(time: number): AsyncIterable<string>;
}

export function openBlobs(directory: string): Blobs {
  const shardOf = (name: string): string => join(directory, name.slice(0, 2));
  const pathOf = (name: string): string => join(shardOf(name), name);
  const remove = async (names: readonly string[]): Promise<void> => {
    // What cannot be removed now (on Windows, while it is read) is left to the sweep.
    await Promise.allSettled(names.map((name) => rm(pathOf(name), { force: true })));
  };
  return {
    pathOf,
    async write(chunks, measured) {
      const name = randomUUID();
      await mkdir(shardOf(name), { recursive: true });
      const file = await open(pathOf(name), "wx");
      try {
        for await (const chunk of chunks) {
          measured?.add(chunk);
          await writeWhole(file, chunk);
        }
        await Promise.all([file.sync(), syncDirectory(shardOf(name))]);
      } catch (error) {
        await file.close();
        await rm(pathOf(name), { force: true });
        throw error;
      }
      await file.close();
      return name;
    },
    remove,
    async keepIf(names, use) {
      try {
        // A sweep takes a file to which nothing was written for an hour, be it because its source was slow.
        for (const name of names) await stat(pathOf(name));
        return await use();
      } catch (error) {
        await remove(names);
        throw error;
      }
    },
    async *untouchedSince(time) {
      for (const shard of await readdir(directory).catch(() => [])) {
        for (const name of await readdir(join(directory, shard)).catch(() => [])) {
          const { mtimeMs } = await stat(join(directory, shard, name)).catch(() => ({ mtimeMs: time }));
          if (mtimeMs < time) yield name;
        }
      }
    },
  };
}

/** A write may take less than it was given. */
async function writeWhole(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(chunk, written);
    written += bytesWritten;
  }
}

/** Makes the entry of a new file last, which on Windows cannot be asked for. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return;
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
