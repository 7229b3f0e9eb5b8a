import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { defineCommand } from "citty";
import { runAfterDeath } from "../postgres/index.ts";
import { checkStart, readPort } from "./check-start.ts";
import { openDatabaseServer } from "./database-server.ts";
import { isExplained } from "./exit.ts";
import { leaveWithLauncher } from "./launcher.ts";
import { openProject, type Project } from "./project.ts";
import { watchSources } from "./watch-sources.ts";

export const dev = defineCommand({
  meta: {
    name: "dev",
    description: "Like start, and starts anew whenever a source, manifest, migration or .env changes",
  },
  args: {
    services: { type: "positional", required: false, description: "Names such as `auth users`; all when left out" },
    bun: { type: "boolean", description: "Run on the pinned Bun instead of Node" },
    port: { type: "string", valueHint: "number", description: "Listen here instead of at PORT or the [dev] port" },
  },
  async run({ args }) {
    const project = openProject(args._);
    await checkStart(project, false, readPort(args.port)).catch(throwUnlessMistake);
    const server = await openDatabaseServer(project);
    const options = args.port === undefined ? [] : ["--port", args.port];
    const runner = runAgain([...args._, ...options], server.embedded ? server.adminUrl : undefined, project);
    const watching = watchSources(project.root, (file) => runner.restart(`${file} changed`));
    let stopping = false;
    const stop = (): void => {
      if (stopping) return;
      stopping = true;
      watching.close();
      void runner
        .stop()
        .then(server.stop)
        .then(() => process.exit(0));
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    leaveWithLauncher(stop);
  },
});

/** A mistake in the code is told by the process that runs it, which is started anew once it is mended. */
function throwUnlessMistake(error: unknown): void {
  if (isExplained(error)) throw error;
}

interface Runner {
  restart(reason: string): void;
  stop(): Promise<void>;
}

/** Runs `trivet start` in a process of its own, one at a time; the database outlives them all. */
function runAgain(args: readonly string[], databaseUrl: string | undefined, { root }: Project): Runner {
  /** Once a system has run until it was replaced, its table of addresses has been read. */
  let seen = false;
  const begin = (): ChildProcess => {
    const brief = seen ? ["--brief"] : [];
    const main = [...process.execArgv, join(import.meta.dirname, "main.ts")];
    const child = spawn(process.execPath, [...main, "start", "--processes=1", ...brief, ...args], {
      cwd: root,
      // Requests of a version that is being replaced are not waited for as long as in production.
      env: { DRAIN_TIMEOUT: "1", ...process.env, ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }) },
      stdio: ["ignore", "inherit", "inherit"],
      // Ctrl-C is for the parent, which then stops the child once.
      detached: true,
    });
    const dismiss = runAfterDeath(["sh", "-c", `kill -TERM ${child.pid}`]);
    child.on("exit", (code, signal) => {
      dismiss();
      if (code !== 0 && signal !== "SIGTERM") say("Waiting for a change before starting again.");
    });
    return child;
  };
  let child = begin();
  let turn = Promise.resolve();
  return {
    restart(reason) {
      turn = turn.then(async () => {
        say(`${reason}; starting again.`);
        seen ||= isAlive(child);
        await end(child);
        child = begin();
      });
    },
    async stop() {
      await turn;
      await end(child);
    },
  };
}

const isAlive = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode === null && signalCode === null;

async function end(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

const say = (line: string): void => void process.stdout.write(`trivet: ${line}\n`);
