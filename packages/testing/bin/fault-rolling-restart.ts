/**
 * Replicas and processes are replaced one by one under load; see docs/reliability.md.
 * `--runtimes node` and `--rate 100` make it another run.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import setup from "../src/database/global-setup.ts";
import {
  killReplica,
  type RestartReport,
  renewProcesses,
  restartReplicas,
  wentUnnoticed,
} from "../src/faults/restart.ts";

const { values } = parseArgs({
  options: { runtimes: { type: "string", default: "node,bun" }, rate: { type: "string", default: "200" } },
});
const rate = Number(values.rate);

const tell = (what: string, holds: boolean, report: RestartReport): void => {
  if (!holds) process.exitCode = 1;
  const { requests, failed, p99, restarts, exitMost, jobs, jobsLost } = report;
  process.stdout.write(
    `${holds ? "holds" : "FAILS"}: ${what}: ${failed.length} of ${requests} requests failed (p99 ${p99.toFixed(0)} ms), ` +
      `${restarts} restarts, the slowest exit after ${Math.round(exitMost)} ms, ${jobsLost} of ${jobs} jobs lost\n`,
  );
  for (const one of new Set(failed)) process.stdout.write(`  failed: ${one}\n`);
};

const teardown = await setup();
try {
  for (const runtime of (["node", "bun"] as const).filter((name) => values.runtimes.split(",").includes(name))) {
    const replicas = await restartReplicas({ runtime, rate });
    tell(`three replicas on ${runtime}, each stopped (SIGTERM) and started`, wentUnnoticed(replicas), replicas);
    const processes = await renewProcesses({ runtime, rate });
    tell(`two processes on ${runtime}, each replaced (SIGUSR2)`, wentUnnoticed(processes), processes);
    const killed = await killReplica({ runtime, rate });
    const reads = killed.failed.filter((what) => what.startsWith("GET"));
    tell(`three replicas on ${runtime}, one killed (SIGKILL)`, reads.length === 0 && killed.jobsLost === 0, killed);
  }
} finally {
  await teardown();
}
