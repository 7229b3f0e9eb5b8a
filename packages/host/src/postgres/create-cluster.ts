import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, readdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { isAlive } from "../is-alive.ts";
import { type Account, chooseAccount } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { errorCode, PostgresError } from "./errors.ts";

/** The major version of the programs; data of another one cannot be read by them. */
const major = "18";

const access = z.object({ password: z.string(), port: z.number() });

/** The superuser's password and the port to prefer; stored (0600) in the data folder it belongs to. */
export type Access = z.output<typeof access>;

const accessFile = (data: string) => join(data, "trivet.json");

/**
 * Makes the data folder when there is none. It is built beside its place and moved there at once, so
 * that a kill halfway leaves nothing half-made, and of two that build at the same time one wins.
 */
export async function createCluster(binaries: Binaries, data: string): Promise<Access> {
  const existing = await readAccess(data);
  if (existing !== undefined) return existing;
  await removeAbandoned(data);
  await refuseFullDisk(dirname(data));
  const draft = `${data}.new-${process.pid}-${randomBytes(3).toString("hex")}`;
  const account = chooseAccount(binaries, data);
  try {
    await mkdir(draft, { mode: 0o700 });
    if (account.uid !== undefined && account.gid !== undefined) await chown(draft, account.uid, account.gid);
    const made: Access = { password: randomBytes(24).toString("base64url"), port: 0 };
    await initialise(binaries, account, draft, made.password);
    await writeAccess(draft, made);
    await rename(draft, data);
    return made;
  } catch (error) {
    const other = await readAccess(data);
    if (other === undefined) throw error;
    return other;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Undefined when nothing is there yet. */
export async function readAccess(data: string): Promise<Access | undefined> {
  try {
    const version = (await readFile(join(data, "PG_VERSION"), "utf8")).trim();
    if (version !== major) {
      throw new PostgresError(
        `The data in ${data} was made by Postgres ${version}, and this Trivet brings Postgres ${major}. ` +
          `Dump it with the version that made it and restore it here, or move the folder away to begin anew.`,
      );
    }
    return access.parse(JSON.parse(await readFile(accessFile(data), "utf8")));
  } catch (error) {
    if (errorCode(error) === "EACCES") {
      throw new PostgresError(
        `The data in ${data} belongs to another user. Start Trivet as that user or as root, or set DATABASE_URL.`,
      );
    }
    if (errorCode(error) !== "ENOENT") throw error;
    return undefined;
  }
}

export async function writeAccess(data: string, value: Access): Promise<void> {
  const draft = `${accessFile(data)}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  await rename(draft, accessFile(data));
}

/** What a kill during `initdb` left behind. */
async function removeAbandoned(data: string): Promise<void> {
  for (const name of await readdir(dirname(data))) {
    const pid = name.match(/^postgres\.new-(\d+)-/)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dirname(data), name), { recursive: true });
  }
}

/** A new cluster takes 40 MB, and Postgres needs room for its log from then on. */
async function refuseFullDisk(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free < 150) {
    throw new PostgresError(`The disk that holds ${folder} has ${free} MB left; the database needs 150 MB. Free some.`);
  }
}

/** The locale is Postgres's own, so that text sorts the same on every machine. */
const flags = [
  "--username=postgres",
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  "--locale-provider=builtin",
  "--builtin-locale=C.UTF-8",
  "--no-instructions",
];

async function initialise({ initdb }: Binaries, account: Account, data: string, password: string): Promise<void> {
  // initdb reads the password from a file only. It removes no file, and the folder must be empty for it.
  const secret = `${data}.password`;
  await writeFile(secret, `${password}\n`, { mode: 0o600 });
  try {
    if (account.uid !== undefined && account.gid !== undefined) await chown(secret, account.uid, account.gid);
    const { program, args, options } = account.command(initdb, [`--pgdata=${data}`, `--pwfile=${secret}`, ...flags]);
    await run(program, args, { ...options, env: childEnv(), stdio: ["ignore", "ignore", "pipe"] }, dirname(data));
  } finally {
    await rm(secret, { force: true });
  }
}

/** Little on purpose: the secrets of this process's environment are none of Postgres's business. */
export const childEnv = (): NodeJS.ProcessEnv => ({ PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" });

function run(program: string, args: string[], options: object, folder: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const child = spawn(program, args, options);
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.on("error", reject);
  child.on("close", (code) => (code === 0 ? resolve() : reject(explainFailure(said, folder))));
  return promise;
}

/** Turns what Postgres wrote when it gave up into a sentence. */
export function explainFailure(said: string, folder: string): PostgresError {
  if (/No space left on device|could not extend file/.test(said)) {
    return new PostgresError(`The disk that holds ${folder} is full. Free some space and start again.`);
  }
  if (/error while loading shared libraries|cannot execute|Exec format error/.test(said)) {
    return new PostgresError(
      "The embedded Postgres does not run on this system (it needs glibc). " +
        `Set DATABASE_URL to a Postgres server of your own. It said: ${said.trim()}`,
    );
  }
  return new PostgresError(`Postgres could not start. It said:\n${said.trim()}`);
}
