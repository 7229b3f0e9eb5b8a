import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Host } from "../../host.ts";
import { routerName } from "../../manifest/index.ts";
import { runAfterDeath } from "../../postgres/index.ts";
import { probePort } from "../../server/index.ts";
import { CommandError } from "../exit.ts";
import type { Project } from "../project.ts";
import { startCrons } from "./crons.ts";
import { deriveConfigs, publicDoor, wranglerEnv } from "./derive-configs.ts";

/** Milliseconds that a stop waits for crons that run. */
const cronPatience = 5_000;

/**
 * Runs the selected services on workerd with one `wrangler dev`: Workers in one process reach each
 * other through their bindings, as on Cloudflare.
 */
export async function startWorkers(
  project: Project,
  adminUrl: string | undefined,
  wanted: number | undefined,
): Promise<Host> {
  const { files, port, directory } = await deriveConfigs(project, adminUrl, wanted);
  const hostname = await probeWorkers(project, wanted);
  const args = [
    ...["dev", ...files.flatMap((file) => ["-c", file])],
    ...["--ip", hostname, "--port", String(port), "--inspector-port", "0"],
    ...["--persist-to", join(directory, "state"), "--show-interactive-dev-session=false"],
  ];
  // A group of its own: Ctrl-C reaches only us, and we end the group once, in our order.
  const child = spawn(process.execPath, [findWrangler(project.root), ...args], {
    cwd: project.root,
    env: wranglerEnv(directory),
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  const dismiss = runAfterDeath(["sh", "-c", `kill -TERM -${child.pid}`]);
  const url = `http://localhost:${port}`;
  try {
    await untilHealthy(child, `http://127.0.0.1:${port}/health`);
  } catch (error) {
    await end(child);
    dismiss();
    throw error;
  }
  const crons = await startCrons(project, adminUrl, port);
  const services = project.selected.map(({ service: name }) => ({
    name,
    url,
    paths: [name === routerName || project.selected.length === 1 ? "/" : `/${name}`],
  }));
  return {
    url,
    services,
    async stop() {
      await Promise.race([crons.stop(), pause(cronPatience, undefined, { ref: false })]);
      await end(child);
      dismiss();
      return true;
    },
  };
}

/** Throws where wrangler could not listen; gives the host name at which it will. */
export async function probeWorkers(project: Project, wanted: number | undefined): Promise<string> {
  const hostname = project.source.read("HOST") || "127.0.0.1";
  await probePort(hostname, publicDoor(project, wanted).port);
  return hostname;
}

function findWrangler(root: string): string {
  for (const base of [root, resolve(import.meta.dirname, "../../../../..")]) {
    const file = join(base, "node_modules", "wrangler", "bin", "wrangler.js");
    if (existsSync(file)) return file;
  }
  throw new CommandError("wrangler is not installed. Run: npm ci --include=dev");
}

async function untilHealthy(child: ChildProcess, url: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new CommandError("wrangler ended before the services were ready; what it printed above says why.");
    }
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer?.ok) return;
    await pause(50);
  }
  throw new CommandError(`${url} did not answer in 120 s; what wrangler printed above may say why.`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const late = pause(8_000, "late", { ref: false });
  if ((await Promise.race([exited, late])) === "late") process.kill(-child.pid, "SIGKILL");
  await exited;
}
