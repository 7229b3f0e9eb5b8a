import { defineCommand } from "citty";
import { addressesFaults } from "../addresses.ts";
import { readEnvironment, slips } from "../config/index.ts";
import { ConfigurationError } from "../configuration-error.ts";
import { openDatabaseServer } from "./database-server.ts";
import { CommandError, UsageError } from "./exit.ts";
import { migrateServicesDown, migrateServicesUp, readMigrationStates } from "./migrate-services.ts";
import { isPermitted } from "./permission.ts";
import { formatTable } from "./print-addresses.ts";
import { narrow, openProject, type Project } from "./project.ts";

const service = {
  type: "string",
  valueHint: "name",
  description: "This service alone, or `host`: what the host keeps for all",
} as const;

const up = defineCommand({
  meta: { name: "up", description: "Makes roles and schemas and applies what is pending" },
  args: { service },
  run: ({ args }) =>
    withServer(args.service, async (project, adminUrl) => {
      for (const { service: name, names } of await migrateServicesUp(project, adminUrl)) {
        say(names.length === 0 ? `${name}: up to date` : `${name}: applied ${names.join(", ")}`);
      }
    }),
});

const down = defineCommand({
  meta: { name: "down", description: "Takes the newest applied migrations of one service back" },
  args: {
    service: { ...service, required: true },
    steps: { type: "string", default: "1", valueHint: "number", description: "How many" },
    yes: { type: "boolean", description: "Ask nothing, where data is lost by more than one step or in production" },
  },
  run({ args }) {
    const steps = Number(args.steps);
    if (!Number.isInteger(steps) || steps < 1) {
      throw new UsageError(`--steps=${args.steps} is not a number of migrations; it must be 1 or more.`);
    }
    return withServer(args.service, async (project, adminUrl) => {
      const newest = await newestApplied(project, adminUrl, steps);
      if (args.yes !== true) await permit(project, newest);
      for (const { service: name, names } of await migrateServicesDown(project, adminUrl, steps)) {
        say(`${name}: took back ${names.join(", ")}`);
      }
    });
  },
});

/** The migrations that so many steps take back; that there are so many is known before the first is taken. */
async function newestApplied(project: Project, adminUrl: string | undefined, steps: number): Promise<string[]> {
  const states = await readMigrationStates(project, adminUrl);
  return states.flatMap(({ service: name, states: all }) => {
    const applied = all.filter(({ appliedAt }) => appliedAt !== undefined).map(({ name: migration }) => migration);
    if (applied.length >= steps) return applied.slice(-steps).reverse();
    const there = applied.length === 0 ? "nothing applied" : `${applied.length} applied`;
    throw new CommandError(`${name} has ${there}, so ${steps} cannot be taken back; nothing was.`);
  });
}

/** One step of a development database is what one does all day; anything more is asked about, where somebody can answer. */
async function permit({ source, manifests }: Project, names: readonly string[]): Promise<void> {
  const { environment } = readEnvironment(source, manifests);
  if (names.length < 2 && environment !== "production") return;
  const what = `This takes back ${names.join(", ")} (${environment}), with the data in what they made.`;
  if (!process.stdin.isTTY) throw new UsageError(`${what} To do so without being asked add --yes.`);
  if (!(await isPermitted(what, process.stdin, process.stdout))) throw new CommandError("Nothing was taken back.");
}

const status = defineCommand({
  meta: { name: "status", description: "Shows what is applied, pending or at odds; exits 1 when anything is at odds" },
  args: { service },
  run: ({ args }) =>
    withServer(args.service, async (project, adminUrl) => {
      const rows = (await readMigrationStates(project, adminUrl)).flatMap(({ service: name, states }) =>
        states.map(({ name: migration, state, appliedAt }) => [name, migration, state, appliedAt?.toISOString() ?? ""]),
      );
      say(rows.length === 0 ? "There are no migrations." : formatTable(rows));
      if (rows.some(([, , state]) => state !== "applied" && state !== "pending")) process.exitCode = 1;
    }),
});

export const migrate = defineCommand({
  meta: { name: "migrate", description: "Migrates the database, or the embedded one where none is configured" },
  subCommands: { up, down, status },
});

/** What decides which database is migrated, and how readily. */
const ownVariables = ["DATABASE_URL", "TRIVET_ENV", "NODE_ENV"];

async function withServer(
  name: string | undefined,
  work: (project: Project, adminUrl: string | undefined) => Promise<void>,
): Promise<void> {
  const whole = openProject();
  const { source, manifests } = whole;
  const faults = [...addressesFaults(source, manifests), ...slips(source, manifests, [], ownVariables)];
  if (faults.length > 0) throw new ConfigurationError(faults);
  const project = name === undefined ? whole : narrow(whole, name);
  const { adminUrl, stop } = await openDatabaseServer(project);
  try {
    await work(project, adminUrl);
  } finally {
    await stop();
  }
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
