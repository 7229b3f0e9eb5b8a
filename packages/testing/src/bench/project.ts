import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { root } from "../root.ts";

export type BenchRuntime = "node" | "bun";

const binaries: Record<BenchRuntime, string> = {
  node: "node_modules/node/bin/node",
  bun: "node_modules/bun/bin/bun.exe",
};

const flags: Record<BenchRuntime, string[]> = { node: [], bun: ["--bun"] };

/** Higher than any run can reach: the limiter counts every request and refuses none. */
const unlimited = "1000000000";

const queueAdapter = join(root, "packages/testing/src/bench/queue-adapter.ts");

/** A place in the harness's configuration that it fills in itself. */
const filledIn = (name: string): string => `\${${name}}`;

const address = `http://127.0.0.1:${filledIn("BENCH_PORT")}`;

const countOfEvents = "select count(*) from analytics.events";

/**
 * How the peers' harness starts this project on a runtime: everything in one process as in
 * production, or all in each of several, logging no requests, as the peers log none.
 */
export function benchProject(runtime: BenchRuntime, processes: number) {
  const binary = join(root, binaries[runtime]);
  const trivet = [join(root, binaries.node), join(root, "packages/host/bin/trivet.mjs")];
  return {
    name: `trivet-${runtime}${processes === 1 ? "" : `-${processes}`}`,
    url: address,
    database: "empty",
    start: [
      {
        name: "all",
        run: [...trivet, "start", `--port=${filledIn("BENCH_PORT")}`, `--processes=${processes}`, ...flags[runtime]],
        cwd: root,
        env: {
          TRIVET_ENV: "production",
          DATABASE_URL: filledIn("BENCH_DATABASE_URL"),
          PUBLIC_URL: "http://trivet.test",
          HOST: "127.0.0.1",
          LOG_LEVEL: "warning",
          SERVICE_JWT_SECRET: randomBytes(32).toString("base64url"),
          AUTH_SECRET: randomBytes(32).toString("base64url"),
          AUTH_KEY: randomBytes(32).toString("base64url"),
          USERS_KEY: randomBytes(32).toString("base64url"),
          ANALYTICS_KEY: randomBytes(32).toString("base64url"),
          RATE_LIMIT_USER: unlimited,
          RATE_LIMIT_ADDRESS: unlimited,
          RATE_LIMIT_CREDENTIALS: unlimited,
          LOGIN_TRIES_PER_ADDRESS: "10000",
        },
      },
    ],
    ready: "/health/db",
    prepare: { run: [join(root, binaries.node), join(root, "packages/testing/bin/bench-prepare.ts")], cwd: root },
    // So many more jobs than the peers get, for a run to last as long as theirs.
    queue: { adapter: queueAdapter, runtime: [binary], scale: 8 },
    work: { W3: false, W4: false, G1: false, G2: false },
    countSql: { W5: countOfEvents, W5b: countOfEvents },
  };
}

/** The queues alone, in a JetStream that runs already. */
export function benchNatsQueues(runtime: BenchRuntime, natsUrl: string) {
  const env = { BENCH_NATS_URL: natsUrl };
  return {
    name: `trivet-${runtime}-nats`,
    queue: { adapter: queueAdapter, runtime: [join(root, binaries[runtime])], env, scale: 8 },
  };
}
