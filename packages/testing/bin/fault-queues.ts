// `npm run fault:jobs`, `fault:poison`, `fault:zombie`: what queues survive. On Postgres (DATABASE_URL, else one that is
// started for it), and on NATS where NATS_URL is set. `--runtimes bun`, `--jobs 1000` and `--kills 2` make it another run.
import { parseArgs } from "node:util";
import { availableDrivers } from "../src/conformance/queues/drivers.ts";
import type { HostRuntime } from "../src/conformance/queues/start-host.ts";
import setup from "../src/database/global-setup.ts";
import { killWorkers } from "../src/faults/queues/jobs.ts";
import { poisonJobs } from "../src/faults/queues/poison.ts";
import type { FaultOptions } from "../src/faults/queues/run.ts";
import { stopWorker } from "../src/faults/queues/zombie.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runtimes: { type: "string", default: "node" },
    jobs: { type: "string" },
    kills: { type: "string", default: "8" },
  },
});

const runs: Record<string, { jobs: number; run(options: FaultOptions): Promise<object> }> = {
  jobs: { jobs: 10_000, run: (options) => killWorkers(options, Number(values.kills)) },
  poison: { jobs: 10_000, run: poisonJobs },
  zombie: { jobs: 24, run: stopWorker },
};
const chosen = runs[positionals[0] ?? ""];
if (!chosen) {
  process.stderr.write(`Say which: ${Object.keys(runs).join(", ")}.\n`);
  process.exit(64);
}

const teardown = await setup();
try {
  for (const runtime of values.runtimes.split(",").filter((name): name is HostRuntime => /^(node|bun)$/.test(name))) {
    for (const driver of availableDrivers) {
      const report = await chosen.run({ driver, runtime, jobs: Number(values.jobs ?? chosen.jobs) });
      process.stdout.write(`${driver} on ${runtime}: ${JSON.stringify(report)}\n`);
    }
  }
} finally {
  await teardown();
}
