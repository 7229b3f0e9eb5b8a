import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { startEmbeddedPostgres } from "@trivet/host";
import postgres from "postgres";

export interface TestServer {
  /** A superuser's URL. */
  url: string;
  /** For people: where the tests run. */
  description: string;
  stop(): Promise<void>;
}

/** The Postgres of a test run: the one `DATABASE_URL` names, else an embedded one in a folder of its own. */
export async function startTestServer(): Promise<TestServer> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== "") {
    return { url: given, description: await versionOf(given), stop: async () => {} };
  }
  const directory = mkdtempSync(join(tmpdir(), "trivet-test-"));
  const server = await startEmbeddedPostgres({ directory });
  const stop = async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await forgetDurability(server.url);
    return { url: server.url, description: `embedded ${await versionOf(server.url)}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The data ends with the run, so nothing waits for the disk. */
async function forgetDurability(url: string): Promise<void> {
  await asAdmin(url, async (sql) => {
    for (const setting of ["fsync", "synchronous_commit", "full_page_writes"]) {
      await sql`ALTER SYSTEM SET ${sql(setting)} = off`;
    }
    await sql`SELECT pg_reload_conf()`;
  });
}

const versionOf = (url: string): Promise<string> =>
  asAdmin(url, async (sql) => {
    const [row] = await sql<{ version: string }[]>`SELECT split_part(version(), ' on ', 1) AS version`;
    return row?.version ?? "Postgres";
  });

/** Runs `work` on one connection with the rights of `url`. */
export async function asAdmin<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}
