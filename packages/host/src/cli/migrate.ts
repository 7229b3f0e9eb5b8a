import { defineCommand } from "citty";
import { addressesFaults } from "../addresses.ts";
import { ConfigurationError } from "../configuration-error.ts";
import { openDatabaseServer } from "./database-server.ts";
import { CommandError } from "./exit.ts";
import {
  type MigrationReport,
  migrateServicesDown,
  migrateServicesUp,
  readMigrationStates,
} from "./migrate-services.ts";
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
  },
  run: ({ args }) =>
    withServer(args.service, async (project, adminUrl) => {
      const steps = Number(args.steps);
      if (!Number.isInteger(steps) || steps < 1) {
        throw new CommandError(`--steps=${args.steps} is not a number of migrations; it must be 1 or more.`);
      }
      const reports: MigrationReport[] = await migrateServicesDown(project, adminUrl, steps);
      for (const { service: name, names } of reports) {
        say(names.length === 0 ? `${name}: nothing is applied` : `${name}: took back ${names.join(", ")}`);
      }
    }),
});

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

async function withServer(
  name: string | undefined,
  work: (project: Project, adminUrl: string | undefined) => Promise<void>,
): Promise<void> {
  const whole = openProject();
  const faults = addressesFaults(whole.source, whole.manifests);
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
