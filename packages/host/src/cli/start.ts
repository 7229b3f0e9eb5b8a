import { join } from "node:path";
import { defineCommand } from "citty";
import { exitInGoodOrder } from "../drain/index.ts";
import { type Host, startHost } from "../host.ts";
import { countRange, isProcessCount, membership, readProcessCount, startProcesses } from "../processes/index.ts";
import { checkStart, readPort } from "./check-start.ts";
import { type DatabaseServer, openDatabaseServer } from "./database-server.ts";
import { UsageError } from "./exit.ts";
import { leaveWithLauncher } from "./launcher.ts";
import { migrateServicesUp } from "./migrate-services.ts";
import { printAddress, printAddresses } from "./print-addresses.ts";
import { openProject, type Project } from "./project.ts";
import { startWorkers } from "./workers/start-workers.ts";

export const start = defineCommand({
  meta: {
    name: "start",
    description: "Starts services, and the embedded Postgres where they need a database and DATABASE_URL is not set",
  },
  args: {
    services: { type: "positional", required: false, description: "Names such as `auth users`; all when left out" },
    bun: { type: "boolean", description: "Run on the pinned Bun instead of Node" },
    workers: { type: "boolean", description: "Run on workerd, as `wrangler dev` does, on the same data" },
    port: { type: "string", valueHint: "number", description: "Listen here instead of at PORT or the [dev] port" },
    processes: {
      type: "string",
      valueHint: "number",
      description: "So many processes that share the port, instead of PROCESSES or 1; limits hold in each",
    },
    brief: { type: "boolean", description: "Say in one line where the system answers, without the table of addresses" },
    migrate: {
      type: "boolean",
      default: true,
      description: "Migrate the services that start, before they start",
      negativeDescription: "Leave the database as it is",
    },
  },
  async run({ args }) {
    const workers = args.workers === true;
    const [first = ""] = args._;
    // What other servers call their processes.
    if (workers && /^\d+$/.test(first)) {
      throw new UsageError(`--workers runs the system on workerd; for ${first} processes say --processes=${first}.`);
    }
    const project = openProject(args._);
    const port = readPort(args.port);
    const processes = readProcesses(project, args.processes, workers);
    // Those who share the ports have been checked before the first of them was started.
    if (!member) await checkStart(project, workers, port);
    const server = await openDatabaseServer(project);
    try {
      const host = await startServices(project, server, { migrate: args.migrate, workers, port, processes });
      const leave = exitInGoodOrder(async () => {
        const finished = await host.stop();
        await server.stop();
        return finished;
      });
      void host.hopeless?.then(() => leave(1));
      const { renew } = host;
      // Not SIGHUP, which all of them get when their terminal goes, nor SIGUSR1, which is Node's own.
      if (renew) process.on("SIGUSR2", () => void renew());
      if (member) member.join(() => leave(0));
      else if (args.brief) printAddress(host.url);
      else printAddresses(host.url, host.services);
      leaveWithLauncher(() => leave(0));
    } catch (error) {
      await server.stop();
      throw error;
    }
  },
});

// One of several that the same command has started elsewhere.
const member = membership();

interface Wanted {
  migrate: boolean;
  workers: boolean;
  port: number | undefined;
  processes: number;
}

/** Of several processes, `hopeless` resolves when they cannot be kept running, and `renew` replaces them one by one. */
type Started = Host & { hopeless?: Promise<void>; renew?(): Promise<void> };

async function startServices(
  project: Project,
  { adminUrl }: DatabaseServer,
  { migrate, workers, port, processes }: Wanted,
): Promise<Started> {
  // Somebody who gives each service its own URL has also decided when its schema changes.
  if (migrate && adminUrl !== undefined) await migrateServicesUp(project, adminUrl);
  if (workers) return await startWorkers(project, adminUrl, port);
  const services = project.selected.map(({ service }) => service);
  const options = {
    root: project.root,
    services,
    ...(adminUrl !== undefined && { databaseUrl: adminUrl }),
    ...(port !== undefined && { port }),
    ...(member && { process: member.number }),
  };
  if (processes === 1) return await startHost(options);
  const again = ["start", ...services, "--no-migrate"];
  return await startProcesses(options, processes, join(import.meta.dirname, "main.ts"), again);
}

function readProcesses({ source }: Project, given: string | undefined, workers: boolean): number {
  if (member) return 1;
  const count = given === undefined ? readProcessCount(source).count : Number(given);
  if (given === "" || !isProcessCount(count)) {
    throw new UsageError(`--processes=${given} is not a number of processes; it must be ${countRange}.`);
  }
  if (workers && (given !== undefined || count > 1)) {
    throw new UsageError("wrangler runs one workerd: --processes and PROCESSES are for Node and Bun, leave them out.");
  }
  return count;
}
