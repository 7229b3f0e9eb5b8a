import { ConfigurationError } from "./configuration-error.ts";
import { errorCode } from "./postgres/errors.ts";

/** A refusal of the file system, as a sentence about the folder for all that this machine generates. */
export async function inDataFolder<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOfFiles(error)) throw error;
    const path = "path" in error ? ` at ${String(error.path)}` : "";
    throw new ConfigurationError([
      `${directory} must be a folder that this user may read and write (${errorCode(error)}${path}): let this user have it, or configure what is kept there`,
    ]);
  }
}

const isOfFiles = (error: unknown): error is Error =>
  error instanceof Error && "syscall" in error && !String(error.syscall).startsWith("spawn");
