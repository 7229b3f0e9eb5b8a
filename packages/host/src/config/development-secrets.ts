import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { ConfigurationError } from "../configuration-error.ts";
import { inDataFolder } from "../data-folder.ts";
import { errorCode } from "../postgres/errors.ts";
import { whileLocked } from "./file-lock.ts";

const stored = z.record(z.string(), z.string());
type Secrets = z.output<typeof stored>;

/**
 * Secrets that nobody has set, so that a fresh clone starts: random, kept in `.trivet/secrets.json`
 * (0600), the same for every process of this root, including two that start in the same instant.
 * Throws `ConfigurationError` where the folder or the file cannot be used.
 */
export async function developmentSecrets(root: string, names: readonly string[]): Promise<Secrets> {
  const directory = join(root, ".trivet");
  const file = join(directory, "secrets.json");
  const known = await read(directory, file);
  if (names.every((name) => Object.hasOwn(known, name))) return known;
  await inDataFolder(directory, () => mkdir(directory, { recursive: true }));
  const locked = () =>
    whileLocked(`${file}.lock`, async () => {
      const secrets = await read(directory, file);
      for (const name of names) secrets[name] ??= randomBytes(32).toString("base64url");
      await replace(file, `${JSON.stringify(secrets, null, 2)}\n`);
      return secrets;
    });
  return await inDataFolder(directory, locked);
}

async function read(directory: string, file: string): Promise<Secrets> {
  const text = await inDataFolder(directory, () =>
    readFile(file, "utf8").catch((error: unknown) => {
      if (errorCode(error) === "ENOENT") return "{}";
      throw error;
    }),
  );
  const secrets = stored.safeParse(parsed(text));
  if (secrets.success) return secrets.data;
  throw new ConfigurationError([
    `${file} is damaged: it must be a JSON object of strings; mend it, or take it away to have other secrets made, with which nobody's session or sealed data can be read`,
  ]);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Readers see the old file or the new one, never a half of it. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    await writeFile(draft, text, { mode: 0o600, flag: "wx" });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
