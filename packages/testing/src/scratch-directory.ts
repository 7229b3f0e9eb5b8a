import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const inMemory = "/dev/shm";
/** Bytes that are left to others there. Containers often have 64 MB in all, which is no place for a database. */
const room = 2 ** 31;

/**
 * Where a test puts thousands of small files, or a database that it makes and stops at once: in memory where the
 * system has such a place, because what the tests are about need not wait for a disk. Nothing there can be executed.
 */
export function scratchParent(): string {
  if (!existsSync(inMemory)) return tmpdir();
  const { bavail, bsize } = statfsSync(inMemory);
  return bavail * bsize > room ? inMemory : tmpdir();
}

export function scratchDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(scratchParent(), "trivet-scratch-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
