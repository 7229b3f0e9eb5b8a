import { checkHost } from "../host.ts";
import { UsageError } from "./exit.ts";
import { type Project, withoutUrl } from "./project.ts";
import { probeWorkers } from "./workers/start-workers.ts";

/** Refuses a wrong configuration while there is nothing yet to take back: no server, no role, no table. */
export async function checkStart(project: Project, workers: boolean, port: number | undefined): Promise<void> {
  // wrangler has one port, whatever the services are; that is looked at below.
  const wanted = workers ? 0 : port;
  await checkHost({
    root: project.root,
    services: project.selected.map(({ service }) => service),
    // What the embedded one's will be is known when it runs; that it will be there is enough to check the rest.
    ...(withoutUrl(project).length > 0 && { databaseUrl: "postgres://postgres@127.0.0.1/trivet" }),
    ...(wanted !== undefined && { port: wanted }),
  });
  if (workers) await probeWorkers(project, port);
}

/** What `--port` says. */
export function readPort(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const port = Number(given);
  if (given !== "" && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`--port=${given} is not a port; it must be a whole number from 0 to 65535.`);
}
