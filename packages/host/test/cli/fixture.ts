import { once } from "node:events";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { temporaryFolder } from "../postgres/holder.ts";

export interface Fixture {
  folder: string;
  /** By service. */
  ports: { router: number; auth: number; users: number };
  urlOf(service: keyof Fixture["ports"], path?: string): string;
}

const source = join(import.meta.dirname, "../fixtures/cli-project");

/** A project of three small services, two with a database, on ports of their own. */
export async function makeProject(): Promise<Fixture> {
  const folder = temporaryFolder();
  cpSync(source, folder, { recursive: true });
  symlinkSync(resolve(import.meta.dirname, "../../../../node_modules"), join(folder, "node_modules"));
  const ports = { router: await freePort(), auth: await freePort(), users: await freePort() };
  for (const [service, port] of Object.entries(ports)) {
    const file = join(folder, service === "router" ? "wrangler.toml" : `workers/${service}/wrangler.toml`);
    writeFileSync(file, readFileSync(file, "utf8").replace(/^port = .*$/m, `port = ${port}`));
  }
  return { folder, ports, urlOf: (service, path = "/health") => `http://127.0.0.1:${ports[service]}${path}` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}
