import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { type OwnRedis, startOwnRedis } from "../redis/own-redis.ts";
import { freePort } from "../system/free-port.ts";
import { type Runtime, startProcess } from "../system/start-process.ts";

export interface Routers {
  port: number;
  redis: OwnRedis;
  stop(): Promise<void>;
}

/** Routers in as many processes as told, with a Redis in common, in front of services that always answer 200. */
export async function startRouters(runtime: Runtime, processes: number, env: Record<string, string>): Promise<Routers> {
  const upstream = createServer((asked, answer) => {
    asked.resume();
    answer.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  await once(upstream.listen(0, "127.0.0.1"), "listening");
  const address = upstream.address();
  const upstreamUrl = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
  const redis = await startOwnRedis();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const routers = await startProcess({
    runtime,
    services: ["router"],
    readyUrl: `${url}/health`,
    env: {
      PORT: String(port),
      PUBLIC_URL: url,
      PROCESSES: String(processes),
      REDIS_URL: redis.url,
      SERVICE_URL_TEMPLATE: upstreamUrl,
      SERVICE_JWT_SECRET: crypto.randomUUID() + crypto.randomUUID(),
      AUTH_KEY: randomBytes(32).toString("base64url"),
      LOG_LEVEL: "fatal",
      ...env,
    },
  });
  return {
    port,
    redis,
    async stop() {
      await routers.stop();
      redis.thaw();
      await redis.kill();
      upstream.closeAllConnections();
      upstream.close();
    },
  };
}

export interface Answered {
  status: number;
  /** Whether the process that answered counted for itself. */
  local: boolean;
  /** Milliseconds. */
  took: number;
}

/** Asks on a connection of its own, from an address of the loopback network that the router takes for the client's. */
export async function ask(port: number, from: string, method: string, path: string, headers: Record<string, string>) {
  const began = performance.now();
  return await new Promise<Answered>((resolve, reject) => {
    request({ host: "127.0.0.1", port, method, path, headers, localAddress: from, agent: false }, (answer) => {
      answer.resume().on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          local: String(answer.headers["ratelimit-policy"] ?? "").includes("trivet-local"),
          took: performance.now() - began,
        }),
      );
    })
      .on("error", reject)
      .end();
  });
}

/** `total` pieces of work, `width` at a time. */
export async function inParallel<T>(total: number, width: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < total; index = next++) results.push(await work(index));
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
