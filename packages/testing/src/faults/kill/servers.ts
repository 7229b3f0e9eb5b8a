import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { startEmbeddedPostgres } from "@trivet/host";
import { createTemplate } from "../../database/template.ts";
import { asAdmin } from "../../database/test-server.ts";
import { untilListening } from "../../redis/own-redis.ts";
import { freePort } from "../../system/free-port.ts";

/** A server of the run's own, which writes to the disk before it acknowledges (a NATS before 2.10 hands it to the system). */
export interface Victim {
  /** NATS's address; of Postgres the tests' databases are made on it. */
  nats?: string;
  /** Ends it as a crash would, and resolves when it takes connections again. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** The version of this machine's `nats-server`: 210 is 2.10; undefined where it has none. */
export async function natsVersion(): Promise<number | undefined> {
  const answer = await promisify(execFile)("nats-server", ["--version"]).catch(() => undefined);
  const [, major, minor] = /v(\d+)\.(\d+)/.exec(answer?.stdout ?? "") ?? [];
  return major === undefined ? undefined : 100 * Number(major) + Number(minor);
}

/** Since 2.10 it can be told to sync before it acknowledges. Before that a crash of the process alone loses nothing. */
const knowsSyncInterval = 210;

export async function startNats(): Promise<Victim> {
  const folder = mkdtempSync(join(tmpdir(), "trivet-nats-"));
  const port = await freePort();
  const file = join(folder, "nats.conf");
  const sync = ((await natsVersion()) ?? 0) >= knowsSyncInterval ? "\n  sync_interval: always" : "";
  writeFileSync(file, `listen: 127.0.0.1:${port}\njetstream {\n  store_dir: "${folder}"${sync}\n}\n`);
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = spawn("nats-server", ["-c", file], { stdio: "ignore" });
    await untilListening("nats-server", port);
  };
  const end = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "close");
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    nats: `nats://127.0.0.1:${port}`,
    async kill() {
      await end();
      await start();
    },
    async close() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As `npm start` has it, which starts it again when it dies. Until it is closed, the tests' databases are made on it. */
export async function startPostgres(): Promise<Victim> {
  const directory = mkdtempSync(join(tmpdir(), "trivet-postgres-"));
  const server = await startEmbeddedPostgres({ directory });
  const template = await createTemplate(server.url);
  const { TRIVET_TEST_DATABASE_URL: formerUrl, TRIVET_TEST_TEMPLATE: formerTemplate } = process.env;
  Object.assign(process.env, { TRIVET_TEST_DATABASE_URL: server.url, TRIVET_TEST_TEMPLATE: template.name });
  const answers = (): Promise<boolean> =>
    asAdmin(server.url, (sql) => sql`SELECT 1`).then(
      () => true,
      () => false,
    );
  return {
    async kill() {
      const [pid] = readFileSync(join(directory, "postgres/postmaster.pid"), "utf8").split("\n");
      process.kill(Number(pid), "SIGKILL");
      do await pause(20);
      while (!(await answers()));
    },
    async close() {
      restore("TRIVET_TEST_DATABASE_URL", formerUrl);
      restore("TRIVET_TEST_TEMPLATE", formerTemplate);
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
