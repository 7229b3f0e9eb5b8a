import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { basename, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive } from "../is-alive.ts";
import { type Account, chooseAccount } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { childEnv, explainFailure } from "./create-cluster.ts";
import { errorCode, PostgresError } from "./errors.ts";

export interface Postmaster {
  pid: number;
  port: number;
  ready: boolean;
}

/** The server running on this data folder, whoever started it; undefined when none does. */
export function findPostmaster(data: string): Postmaster | undefined {
  const lock = readLock(data);
  return lock !== undefined && isAlive(lock.pid) && isPostmasterOf(data, lock.pid) ? lock : undefined;
}

/** Postgres's own lock: pid, folder, start time, port, socket folder, address, memory key, status. */
function readLock(data: string): Postmaster | undefined {
  try {
    const [pid, , , port, , , , status] = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    return { pid: Math.abs(Number(pid)), port: Number(port ?? 0), ready: status?.trim() === "ready" };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** After a reboot, or in a new container, the pid in a stale lock may be anybody's. */
function isPostmasterOf(data: string, pid: number): boolean {
  if (process.platform === "win32") return true;
  try {
    if (process.platform === "linux") return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
    return basename(execFileSync("ps", ["-p", String(pid), "-o", "comm="], { encoding: "utf8" }).trim()) === "postgres";
  } catch {
    return false;
  }
}

/**
 * For a laptop that runs other things too. Commits wait for the disk (fsync and synchronous_commit
 * stay on): what a service was told is stored survives a power cut here as well.
 */
const settings = (port: number): Record<string, string> => ({
  listen_addresses: "127.0.0.1",
  port: String(port),
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "128MB",
  max_wal_size: "512MB",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  lc_messages: "C",
  log_checkpoints: "off",
});

/**
 * Starts the server and resolves when it is ready, or to false when another process started one on
 * this folder first. It gets a session of its own, so that Ctrl-C reaches only us: the services
 * drain before their database goes.
 */
export async function startPostmaster(binaries: Binaries, data: string, port: number, log: string): Promise<boolean> {
  const account = chooseAccount(binaries, data);
  const start = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  const child = spawnServer(account, binaries, data, port, log);
  let exited = false;
  child.on("error", () => {
    exited = true;
  });
  child.on("exit", () => {
    exited = true;
  });
  while (!exited) {
    const lock = readLock(data);
    if (lock?.pid === child.pid && lock?.ready) return true;
    await pause(5);
  }
  const said = readFileSync(log, "utf8").slice(start);
  if (/lock file "postmaster.pid" already exists|pre-existing shared memory block/.test(said)) return false;
  if (/could not bind .* address|could not create any TCP\/IP sockets/.test(said)) return false;
  throw explainFailure(said, dirname(data));
}

function spawnServer(account: Account, binaries: Binaries, data: string, port: number, log: string) {
  const set = Object.entries(settings(port)).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { program, args, options } = account.command(binaries.postgres, ["-D", data, ...set]);
  const output = openSync(log, "a", 0o600);
  // Postgres takes a lock whose pid lives for a held one, unless the pid is its own parent's or the
  // one named here. Naming a stranger's lets Postgres itself replace the stale lock, without a race.
  const lock = readLock(data);
  const stranger = lock !== undefined && isAlive(lock.pid) && !isPostmasterOf(data, lock.pid) ? lock : undefined;
  const env = { ...childEnv(), ...(stranger && { PG_GRANDPARENT_PID: String(stranger.pid) }) };
  const child = spawn(program, args, { ...options, env, detached: true, stdio: ["ignore", output, output] });
  closeSync(output);
  child.unref();
  return child;
}

/** Ends every session, writes all to disk and exits. Resolves when the server is gone. */
export async function stopPostmaster(data: string): Promise<void> {
  const running = findPostmaster(data);
  if (running === undefined) return;
  process.kill(running.pid, "SIGINT");
  const deadline = Date.now() + 20_000;
  while (findPostmaster(data)?.pid === running.pid) {
    if (Date.now() > deadline) throw new PostgresError(`Postgres (process ${running.pid}) did not stop in 20 s.`);
    await pause(5);
  }
}

export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Below the range from which systems lend ports to outgoing connections, so that it stays free. */
export async function findFreePort(): Promise<number> {
  while (true) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await isPortFree(port)) return port;
  }
}
