import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "../../configuration-error.ts";
import { describeServer, startEmbeddedPostgres } from "../../postgres/index.ts";
import { openDatabaseServer } from "../database-server.ts";
import { readMigrationStates } from "../migrate-services.ts";
import { openProject, type Project, withoutUrl } from "../project.ts";
import { about, type Finding, reasonOf } from "./finding.ts";

/** The database that `npm start` would use, whether it lets itself be used, and how far it is migrated. */
export async function checkDatabase(root: string): Promise<Finding[]> {
  const binary = await checkEmbedded();
  let project: Project;
  try {
    project = openProject();
  } catch {
    // What is wrong with the manifests has been said.
    return [binary];
  }
  if (project.owners.length === 0) return [binary];
  const where = withoutUrl(project).length > 0 ? `embedded, in ${join(root, ".trivet")}` : "DATABASE_URL";
  try {
    const server = await openDatabaseServer(project);
    try {
      const findings = server.adminUrl === undefined ? [] : await checkServer(where, server.adminUrl);
      return [binary, ...findings, await checkMigrations(project, server.adminUrl)];
    } finally {
      await server.stop();
    }
  } catch (error) {
    // Told as a fault of the variables.
    if (error instanceof ConfigurationError) return [binary];
    return [binary, about("database").fail(`${where}: ${reasonOf(error)}`, mend(where))];
  }
}

/** Runs it for a moment in a folder of its own: everything that can be in its way shows then. */
async function checkEmbedded(): Promise<Finding> {
  const finding = about("embedded Postgres");
  const directory = await mkdtemp(join(tmpdir(), "trivet-doctor-"));
  try {
    const start = performance.now();
    const { stop } = await startEmbeddedPostgres({ directory });
    const took = Math.round(performance.now() - start);
    await stop();
    return finding.ok(`made, started and stopped one in ${took} ms`);
  } catch (error) {
    return finding.fail(reasonOf(error), mend("embedded"));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const oldest = 14;

async function checkServer(where: string, url: string): Promise<Finding[]> {
  const finding = about("database");
  const { version, user, mayCreateRoles, ahead } = await describeServer(url);
  const what = `${where}: Postgres ${version}, as ${user}`;
  const clock = checkClock(ahead);
  if (Number.parseInt(version, 10) < oldest) {
    return [finding.fail(what, `Trivet needs Postgres ${oldest} or newer.`), clock];
  }
  if (mayCreateRoles) return [finding.ok(`${what}, who may create roles`), clock];
  const advice = "Use a role with CREATEROLE, or give each service its DATABASE_URL_<SERVICE>.";
  return [finding.warn(`${what}, who may not create roles`, advice), clock];
}

/** Tokens and sessions end by one clock and are made by the other. */
const tolerable = 2_000;

function checkClock(ahead: number): Finding {
  const seconds = (Math.abs(ahead) / 1_000).toFixed(1);
  const what = `the database's is ${seconds} s ${ahead < 0 ? "behind" : "ahead of"} this machine's`;
  if (Math.abs(ahead) <= tolerable) return about("clock").ok(what);
  return about("clock").warn(what, "Let both keep time by NTP: what one says has ended still holds for the other.");
}

const mend = (where: string): string =>
  where === "DATABASE_URL"
    ? "Start the server it leads to, correct DATABASE_URL, or leave it out for the embedded one."
    : "Free its port or folder, or set DATABASE_URL to a server of your own.";

async function checkMigrations(project: Project, adminUrl: string | undefined): Promise<Finding> {
  const finding = about("migrations");
  try {
    const all = (await readMigrationStates(project, adminUrl)).flatMap(({ states }) => states);
    const odd = all.filter(({ state }) => state !== "applied" && state !== "pending");
    if (odd.length > 0) {
      const list = odd.map(({ name, state }) => `${name} is ${state}`).join(", ");
      return finding.fail(list, "Run: npx trivet migrate status");
    }
    const pending = all.filter(({ state }) => state === "pending").length;
    if (pending > 0)
      return finding.warn(
        `${pending} of ${all.length} pending`,
        "npm start applies them, or run: npx trivet migrate up",
      );
    return finding.ok(`all ${all.length} applied`);
  } catch (error) {
    // A service's role is made by the first migration, so before that nobody can log in as it.
    return finding.warn(
      `not applied yet (${reasonOf(error)})`,
      "npm start applies them, or run: npx trivet migrate up",
    );
  }
}
