import { startEmbeddedPostgres } from "../../src/postgres/index.ts";

/** Keeps the embedded Postgres of the given folder in use until it is told to stop, or killed. */
const [directory] = process.argv.slice(2);
const complain = (line: string) => void process.stderr.write(`${line}\n`);
if (directory === undefined) throw new Error("Name the folder.");
try {
  const { url, stop } = await startEmbeddedPostgres({ directory, onLog: complain });
  process.once("SIGTERM", () => void stop());
  process.stdout.write(`${url}\n`);
} catch (error) {
  complain(String(error));
  process.exit(1);
}
