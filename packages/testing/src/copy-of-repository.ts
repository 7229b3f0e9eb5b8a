import { cpSync, globSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./root.ts";
import { scratchDirectory } from "./scratch-directory.ts";

/** What was made from the sources, or is no part of them. */
const left = new Set(["node_modules", ".git", ".trivet", ".turbo", ".wrangler"]);

/** A copy of this repository that may be changed, with what is installed here. */
export function copyOfRepository(): { path: string; remove(): void } {
  const copy = scratchDirectory();
  cpSync(root, copy.path, { recursive: true, filter: (path) => !left.has(basename(path)) });
  for (const folder of globSync("{.,packages/*,workers/*}/node_modules", { cwd: root })) {
    linkInstalled(join(root, folder), join(copy.path, folder));
  }
  return copy;
}

/** Links to packages from outside; those of the repository itself lead to the copy, as npm's own links are relative. */
function linkInstalled(installed: string, folder: string): void {
  mkdirSync(folder);
  for (const name of readdirSync(installed)) {
    // The lock is copied, so that it is newer than package-lock.json, and nothing has to be installed.
    if (name === "@trivet" || name === ".package-lock.json")
      cpSync(join(installed, name), join(folder, name), verbatim);
    else symlinkSync(join(installed, name), join(folder, name));
  }
}

const verbatim = { recursive: true, verbatimSymlinks: true };
