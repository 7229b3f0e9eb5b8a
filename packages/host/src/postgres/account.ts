import { type SpawnOptions, spawnSync } from "node:child_process";
import { constants, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Binaries } from "./binaries.ts";
import { PostgresError } from "./errors.ts";

/** Whom Postgres runs as, and how to start a program as them. */
export interface Account {
  /** Set when it differs from this process's own user. */
  uid?: number;
  gid?: number;
  command(program: string, args: string[]): { program: string; args: string[]; options: SpawnOptions };
}

const self: Account = { command: (program, args) => ({ program, args, options: {} }) };

/**
 * Postgres refuses to run as root. Root therefore starts it as whoever owns the data already, else
 * as `postgres` or `nobody`. Where that user cannot walk to the folder (a checkout in /root), it is
 * lent the one capability that lets it pass.
 */
export function chooseAccount(binaries: Binaries, data: string): Account {
  if (process.getuid?.() !== 0) return self;
  const owner = ownerOf(data) ?? unprivilegedUser();
  if (owner === undefined) {
    throw new PostgresError(
      "Postgres does not run as root, and this machine has no user `postgres` or `nobody` to run it as. " +
        "Start Trivet as an ordinary user, or set DATABASE_URL to a Postgres server of your own.",
    );
  }
  const needed = [dirname(data), binaries.postgres, join(binaries.root, "share", "postgresql", "postgres.bki")];
  if (needed.every((path) => canReach(path, owner))) {
    return { ...owner, command: (program, args) => ({ program, args, options: owner }) };
  }
  return withCapability(owner, dirname(data));
}

interface Owner {
  uid: number;
  gid: number;
}

function ownerOf(path: string): Owner | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

function unprivilegedUser(): Owner | undefined {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  for (const name of ["postgres", "nobody"]) {
    const [, , uid, gid] = users.find((fields) => fields[0] === name) ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Whether the mode bits let this user enter every folder above `path` and read `path` itself. */
function canReach(path: string, { uid, gid }: Owner): boolean {
  const bits = (target: string, bit: number) => {
    const found = statSync(target);
    if (found.uid === uid) return ((found.mode >> 6) & bit) === bit;
    return ((found.gid === gid ? found.mode >> 3 : found.mode) & bit) === bit;
  };
  if (!bits(path, statSync(path).isDirectory() ? constants.X_OK : constants.R_OK)) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!bits(folder, constants.X_OK)) return false;
    if (folder === dirname(folder)) return true;
  }
}

/**
 * `dac_read_search` reads and enters every folder but writes nowhere. A container often withholds it
 * and grants the wider `dac_override`, which then has to do.
 */
function withCapability(owner: Owner, folder: string): Account {
  for (const capability of ["dac_read_search", "dac_override"]) {
    const prefix = [
      ...["--reuid", String(owner.uid), "--regid", String(owner.gid), "--clear-groups"],
      // access(2), with which Postgres looks for its programs, else sets a capability of a non-root user aside.
      ...["--securebits", "+no_setuid_fixup"],
      ...["--inh-caps", `-all,+${capability}`, "--ambient-caps", `-all,+${capability}`],
    ];
    if (spawnSync("setpriv", [...prefix, "true"], { stdio: "ignore" }).status !== 0) continue;
    return {
      ...owner,
      command: (program, args) => ({ program: "setpriv", args: [...prefix, program, ...args], options: {} }),
    };
  }
  throw new PostgresError(
    `Postgres does not run as root, and the user it runs as instead cannot enter ${folder}. ` +
      "Move the checkout to a folder that others may enter, or set DATABASE_URL to a Postgres server of your own.",
  );
}
