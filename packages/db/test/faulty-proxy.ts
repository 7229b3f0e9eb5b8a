import { once } from "node:events";
import { createServer, connect as dial, type Socket } from "node:net";

/**
 * A TCP proxy in front of a Postgres server that can go bad in the ways networks do: `silent`
 * accepts and reads but passes nothing on, `refusing` resets what is open and refuses what comes.
 * Connections that lived through a silence stay dead afterwards, as behind a firewall that forgot them.
 */
export interface FaultyProxy {
  url: string;
  forward(): Promise<void>;
  silence(): void;
  refuse(): Promise<void>;
  close(): Promise<void>;
}

export async function proxyTo(target: string): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let silent = false;
  const server = createServer((client) => {
    open.add(client);
    client.on("close", () => open.delete(client)).on("error", () => {});
    if (silent) return void client.resume();
    const upstream = dial(Number(port || 5432), hostname);
    upstream.on("error", () => client.destroy()).on("close", () => silent || client.destroy());
    client.on("close", () => upstream.destroy());
    let dead = false;
    const dies = () => {
      dead ||= silent;
      return dead;
    };
    client.on("data", (data) => dies() || upstream.write(data));
    upstream.on("data", (data) => dies() || client.write(data));
    deaths.add(dies);
  });
  const deaths = new Set<() => boolean>();
  await listen(server, 0);
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  const url = new URL(target);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.href,
    async forward() {
      silent = false;
      if (!server.listening) await listen(server, address.port);
    },
    silence() {
      silent = true;
      for (const dies of deaths) dies();
    },
    async refuse() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.resetAndDestroy();
      await closed;
    },
    async close() {
      for (const socket of open) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: ReturnType<typeof createServer>, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
}
