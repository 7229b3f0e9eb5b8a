import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, createServer, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { freePort } from "../system/free-port.ts";
import { type Runtime, startProcess } from "../system/start-process.ts";
import { failuresIn, type Outcome, quantile, send, startLoad } from "./load.ts";

export interface BreakerReport {
  /** Requests that the failing service got before it was left alone. */
  opensAfter: number;
  /** Milliseconds until an answer while it is: the median, and of 99 in a hundred. */
  openP50: number;
  openP99: number;
  /** Requests that reached it while it was half-open, of fifty at once. */
  probes: number;
  /** Milliseconds from its recovery to the first answer of its own. */
  closedAfter: number;
  /** Requests to another service all the while, and those of them that failed. */
  others: number;
  othersFailed: number;
}

export const holds = (report: BreakerReport): boolean =>
  report.opensAfter <= 5 &&
  report.openP50 <= 5 &&
  report.probes === 1 &&
  report.closedAfter <= 10_000 &&
  report.othersFailed === 0;

/** One service behind a router fails and comes back, while another is asked all the time. */
export async function failAndRecover(runtime: Runtime): Promise<BreakerReport> {
  let asked = 0;
  let answer = (response: ServerResponse): void => void response.end("{}");
  const failing = await startService((response) => {
    asked += 1;
    answer(response);
  });
  const sound = await startService((response) => void response.end("{}"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const router = await startProcess({
    runtime,
    services: ["router"],
    readyUrl: `${url}/health`,
    env: {
      PORT: new URL(url).port,
      PUBLIC_URL: url,
      USERS_URL: failing.url,
      SERVICE_URL_TEMPLATE: sound.url,
      SERVICE_JWT_SECRET: crypto.randomUUID() + crypto.randomUUID(),
      AUTH_KEY: randomBytes(32).toString("base64url"),
      RATE_LIMIT_ADDRESS: "1000000",
      LOG_LEVEL: "fatal",
    },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const ask = (): Promise<Outcome> => send(url, { method: "POST", path: "/users/1/follow" }, agent);
  const several = async (times: number): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (let count = 0; count < times; count += 1) outcomes.push(await ask());
    return outcomes;
  };
  const others = startLoad(50, url, (index) => ({ method: "GET", path: `/events/${index}` }));
  try {
    await several(100);
    asked = 0;
    answer = (response) => void response.destroy();
    await several(20);
    const opensAfter = asked;
    const open = await several(300);

    // Half-open after four seconds: of those who come then one is let through, and it takes its time to fail.
    answer = (response) => void setTimeout(() => response.destroy(), 500);
    const before = asked;
    const waiting: Promise<Outcome>[] = [];
    while (asked === before) {
      waiting.push(ask());
      await pause(20);
    }
    await Promise.all(Array.from({ length: 50 }, ask));
    await Promise.all(waiting);
    const probes = asked - before;

    answer = (response) => void response.end("{}");
    const recovered = performance.now();
    while ((await ask()).status !== 200 && performance.now() - recovered < 20_000) await pause(20);
    const closedAfter = performance.now() - recovered;
    const outcomes = await others.stop();
    return {
      opensAfter,
      openP50: quantile(open, 0.5),
      openP99: quantile(open, 0.99),
      probes,
      closedAfter,
      others: outcomes.length,
      othersFailed: failuresIn(outcomes).length,
    };
  } finally {
    await others.stop();
    agent.destroy();
    await router.stop();
    for (const service of [failing, sound]) service.stop();
  }
}

async function startService(answer: (response: ServerResponse) => void) {
  const server = createServer((asked, response) => {
    asked.resume();
    response.setHeader("content-type", "application/json");
    answer(response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
