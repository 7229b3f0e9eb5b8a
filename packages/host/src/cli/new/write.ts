import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CommandError } from "../exit.ts";
import type { Edit } from "./edits.ts";
import type { NewFile } from "./template.ts";

/** Writes all of it or nothing: throws `CommandError` when something fails, and takes back what was written before. */
export function writeAll(root: string, files: readonly NewFile[], edits: readonly Edit[]): void {
  const undo: (() => void)[] = [];
  try {
    for (const { path, text } of files) {
      const file = join(root, path);
      const made = mkdirSync(dirname(file), { recursive: true });
      if (made !== undefined) undo.push(() => rmSync(made, { recursive: true }));
      writeFileSync(file, text, { flag: "wx" });
      undo.push(() => rmSync(file));
    }
    for (const { path, before, after } of edits) {
      replace(join(root, path), after);
      undo.push(() => replace(join(root, path), before));
    }
  } catch (error) {
    for (const step of undo.reverse()) step();
    throw new CommandError(`${error instanceof Error ? error.message : error}. Nothing was written.`, { cause: error });
  }
}

/** Nobody ever reads half of it. */
function replace(file: string, text: string): void {
  const beside = `${file}.new`;
  writeFileSync(beside, text, { flag: "wx" });
  try {
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside);
    throw error;
  }
}
