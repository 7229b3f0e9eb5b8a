import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A service called `stencil`, as it would stand in the repository. A test writes one by it and runs every check. */
const folder = join(import.meta.dirname, "../../../template");

export interface NewFile {
  /** From the root of the repository. */
  path: string;
  text: string;
}

/** The files of a new service. */
export const filesOf = (name: string, port: number): NewFile[] =>
  globSync("**/*.*", { cwd: folder })
    .sort()
    .map((path) => ({
      path: renamed(path, name),
      text: renamed(readFileSync(join(folder, path), "utf8"), name).replace(/^port = 8000$/m, `port = ${port}`),
    }));

/** `stencil` in each of its spellings. */
const renamed = (text: string, name: string): string =>
  text
    .replaceAll("stencil", name)
    .replaceAll("Stencil", name.charAt(0).toUpperCase() + name.slice(1))
    .replaceAll("STENCIL", name.toUpperCase());
