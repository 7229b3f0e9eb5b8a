import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const inMemory = "/dev/shm";

/**
 * A folder for thousands of small objects, in memory where the system has such a place: a suite about what
 * a bucket means need not wait for a disk at every one of them.
 */
export function scratchDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(existsSync(inMemory) ? inMemory : tmpdir(), "trivet-objects-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
