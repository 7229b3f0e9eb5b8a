import { mkdir, rename, stat } from "node:fs/promises";
import { join as joinPath, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { inDataFolder } from "../data-folder.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { type Access, createCluster, writeAccess } from "./create-cluster.ts";
import { PostgresError } from "./errors.ts";
import { findFreePort, findPostmaster, isPortFree, startPostmaster, stopPostmaster } from "./postmaster.ts";
import { join, type Presence, urlOf } from "./presence.ts";
import { watchOver } from "./watch-over.ts";

export interface EmbeddedPostgresOptions {
  /** The project's `.trivet` folder; the data is kept in `postgres` below it. */
  directory: string;
  /** Insists on a port. Without it, a free one is chosen at the first start and kept. */
  port?: number;
  /** Told, in sentences, what happens. */
  onLog?: (line: string) => void;
}

export interface EmbeddedPostgres {
  /** The superuser's URL of the database `trivet`. */
  readonly url: string;
  /** Leaves the server; the last to leave stops it. */
  stop(): Promise<void>;
}

interface Place {
  binaries: Binaries;
  access: Access;
  data: string;
  log: string;
  port: number | undefined;
  onLog: (line: string) => void;
}

/**
 * Brings up the project's own Postgres 18, or joins the one that another process of the same folder
 * brought up. It is stopped when its last user leaves, however that user ends, and started again,
 * on the same port, when it dies under its users.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const place = await prepare(options);
  let stopped = false;
  let presence: Promise<Joined>;
  const stay = (): Promise<Joined> =>
    enter(place, () => {
      if (stopped) return;
      place.onLog("The embedded Postgres went away; starting it again.");
      presence = stay();
      presence.catch((error: unknown) => place.onLog(`It could not be started again. ${String(error)}`));
    });
  presence = stay();
  const { port } = await presence;
  const dismiss = watchOver(place.data);
  return {
    url: urlOf(place.access, port),
    async stop() {
      if (stopped) return;
      stopped = true;
      const left = await presence.catch(() => undefined);
      if (left !== undefined) await leave(place.data, left.presence);
      dismiss();
    },
  };
}

async function prepare({ directory, port, onLog }: EmbeddedPostgresOptions): Promise<Place> {
  const folder = resolve(directory);
  const data = joinPath(folder, "postgres");
  const binaries = await findBinaries();
  const access = await inDataFolder(folder, async () => {
    await mkdir(folder, { recursive: true });
    return await createCluster(binaries, data);
  });
  return { binaries, access, data, log: joinPath(folder, "postgres.log"), port, onLog: onLog ?? (() => {}) };
}

interface Joined {
  presence: Presence;
  port: number;
}

/** Crash recovery of a large database takes its time; past this, something else is wrong. */
const patience = 120_000;

async function enter(place: Place, onLost: () => void): Promise<Joined> {
  const deadline = Date.now() + patience;
  while (Date.now() < deadline) {
    const running = findPostmaster(place.data);
    if (running === undefined) await start(place);
    else if (running.ready) {
      const presence = await join(place.access, running, onLost);
      if (presence !== undefined) return { presence, port: running.port };
    }
    // Another process is starting or stopping the server, or its last sessions are on their way out.
    await pause(20);
  }
  throw new PostgresError(`The embedded Postgres did not become ready in ${patience / 1000} s; see ${place.log}.`);
}

async function start(place: Place): Promise<void> {
  await rotate(place.log);
  const port = await choosePort(place);
  const started = await startPostmaster(place.binaries, place.data, port, place.log);
  if (started && port !== place.access.port) {
    place.access = { ...place.access, port };
    await writeAccess(place.data, place.access);
  }
}

async function choosePort({ port, access }: Place): Promise<number> {
  if (port !== undefined) {
    if (await isPortFree(port)) return port;
    throw new PostgresError(`Port ${port}, which the embedded Postgres was told to use, is taken. Name another.`);
  }
  return access.port !== 0 && (await isPortFree(access.port)) ? access.port : await findFreePort();
}

async function rotate(log: string): Promise<void> {
  const found = await stat(log).catch(() => undefined);
  if (found !== undefined && found.size > 10 * 2 ** 20) await rename(log, `${log}.1`);
}

/** Whoever takes the lock exclusively was the last, and nobody can join while they hold it. */
export async function leave(data: string, presence: Presence): Promise<void> {
  try {
    if (await presence.leave()) await stopPostmaster(data);
  } catch (error) {
    // Without a server there is nothing to leave.
    if (findPostmaster(data) !== undefined) throw error;
  } finally {
    await presence.close();
  }
}
