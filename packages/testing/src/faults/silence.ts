import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { createTestDatabase } from "../database/create-test-database.ts";
import { freePort } from "../system/free-port.ts";
import { type StartedProcess, startProcess } from "../system/start-process.ts";
import { type Outcome, send } from "./load.ts";

export interface SilenceReport {
  /** Of requests that were under way or came during the silence. */
  statuses: readonly number[];
  /** The most milliseconds beyond the deadline until one of them was answered. */
  late: number;
  /** Milliseconds from the end of the silence to the first request that went well. */
  recovered: number;
}

export const isBearable = ({ statuses, late, recovered }: SilenceReport): boolean =>
  statuses.every((status) => status === 503 || status === 504) && late <= 100 && recovered <= 5_000;

const deadline = 1_000;

/** Users behind a router: the service itself, or its database, takes everything and never answers, for a while. */
export async function fallSilent(runtime: "node" | "bun", who: "service" | "database"): Promise<SilenceReport> {
  const database = await createTestDatabase();
  const gate = await startGate(new URL(database.urls.users ?? ""));
  const [front, back] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${front}`;
  const env = {
    ...database.env,
    DATABASE_URL_USERS: gate.url,
    PUBLIC_URL: url,
    USERS_URL: `http://127.0.0.1:${back}`,
    SERVICE_URL_TEMPLATE: `http://127.0.0.1:${back}`,
    SERVICE_JWT_SECRET: newSecret(),
    AUTH_KEY: newSecret(),
    USERS_KEY: newSecret(),
    REQUEST_TIMEOUT_MS: String(deadline),
    RATE_LIMIT_ADDRESS: "1000000",
    CACHE_BYTES: "0",
    LOG_LEVEL: "fatal",
  };
  const running: StartedProcess[] = [];
  const start = async (service: string, port: number): Promise<StartedProcess> => {
    const readyUrl = `http://127.0.0.1:${port}/health`;
    const started = await startProcess({ runtime, services: [service], readyUrl, env: { ...env, PORT: String(port) } });
    running.push(started);
    return started;
  };
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const ask = (): Promise<Outcome> => send(url, { method: "GET", path: "/users/stats/count" }, agent);
  try {
    const [users] = await Promise.all([start("users", back), start("router", front)]);
    // Enough that both have warmed up.
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 20 }, ask));
    if (who === "database") gate.shut();
    else process.kill(users.pid, "SIGSTOP");
    const during = await Promise.all(Array.from({ length: 20 }, ask));
    if (who === "database") gate.open();
    else process.kill(users.pid, "SIGCONT");
    const began = performance.now();
    while ((await ask()).status !== 200 && performance.now() - began < 20_000) await pause(20);
    return {
      statuses: [...new Set(during.map(({ status }) => status))],
      late: Math.max(...during.map(({ took }) => took)) - deadline,
      recovered: performance.now() - began,
    };
  } finally {
    gate.open();
    agent.destroy();
    await Promise.allSettled(running.map((started) => started.stop()));
    gate.stop();
    await database.drop();
  }
}

const newSecret = (): string => randomBytes(32).toString("base64url");

/** Passes bytes on to a server, until it is shut: then it takes them, and connections, and passes nothing on. */
async function startGate(to: URL) {
  const sockets = new Set<Socket>();
  let isShut = false;
  const server = createServer((near) => {
    const far = connect(Number(to.port || 5432), to.hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one
        .on("error", () => other.destroy())
        .on("close", () => {
          sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
      if (isShut) one.pause();
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const url = new URL(to);
  url.host = `127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  return {
    url: url.href,
    shut() {
      isShut = true;
      for (const socket of sockets) socket.pause();
    },
    open() {
      isShut = false;
      for (const socket of sockets) socket.resume();
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
