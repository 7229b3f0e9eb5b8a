import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";

const stored = z.record(z.string(), z.string());
type Secrets = z.output<typeof stored>;

const staleAfter = 5_000;
const retryAfter = 10;

/**
 * Secrets that nobody has set, so that a fresh clone starts: random, kept in `.trivet/secrets.json`
 * (0600), the same for every process of this root, including two that start in the same instant.
 */
export async function developmentSecrets(root: string, names: readonly string[]): Promise<Secrets> {
  const directory = join(root, ".trivet");
  const file = join(directory, "secrets.json");
  const known = await read(file);
  if (names.every((name) => Object.hasOwn(known, name))) return known;
  await mkdir(directory, { recursive: true });
  return await whileLocked(`${file}.lock`, async () => {
    const secrets = await read(file);
    for (const name of names) secrets[name] ??= randomBytes(32).toString("base64url");
    await replace(file, `${JSON.stringify(secrets, null, 2)}\n`);
    return secrets;
  });
}

async function read(file: string): Promise<Secrets> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return "{}";
    throw error;
  });
  return stored.parse(JSON.parse(text));
}

/** Readers see the old file or the new one, never a half of it. */
async function replace(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(draft, text, { mode: 0o600, flag: "wx" });
  await rename(draft, file);
}

/** Creating a link fails where one exists, on every file system: that is the lock. One left by a killed process ages out. */
async function whileLocked<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const mine = `${lock}.${process.pid}.${randomBytes(4).toString("hex")}`;
  await writeFile(mine, "", { mode: 0o600, flag: "wx" });
  try {
    while (!(await taken(mine, lock))) {
      const age = await stat(lock).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > staleAfter) await rm(lock, { force: true });
      else await setTimeout(retryAfter);
    }
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  } finally {
    await rm(mine, { force: true });
  }
}

const taken = (mine: string, lock: string): Promise<boolean> =>
  link(mine, lock).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, "EEXIST")) return false;
      throw error;
    },
  );

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;
