import { accessSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** Makes the folder where it is missing; a sentence where that cannot be, or where nothing can be written there. */
export function directoryFault(directory: string): string | undefined {
  try {
    make(directory);
    accessSync(directory, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    return `LOG_DIR is "${directory}", which is no folder that this user may make and write to (${reason}): name another, or leave it out`;
  }
}

/** Step by step: where a parent is there and refuses, as /proc does, a recursive mkdir tries without end. */
function make(directory: string): void {
  if (existsSync(directory)) {
    if (!statSync(directory).isDirectory()) throw Object.assign(new Error("It is a file."), { code: "ENOTDIR" });
    return;
  }
  make(dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    // Another process that starts at the same time may have been faster.
    if (!existsSync(directory)) throw error;
  }
}
