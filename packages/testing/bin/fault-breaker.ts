/** A service behind the router fails and comes back; see docs/reliability.md. */
import process from "node:process";
import { failAndRecover, holds } from "../src/faults/breaker.ts";

for (const runtime of ["node", "bun"] as const) {
  const report = await failAndRecover(runtime);
  if (!holds(report)) process.exitCode = 1;
  process.stdout.write(
    `${holds(report) ? "holds" : "FAILS"}: ${runtime}: open after ${report.opensAfter} failures; then answers in ` +
      `${report.openP50.toFixed(1)} ms (p99 ${report.openP99.toFixed(1)} ms); ${report.probes} probe of 50 at once; ` +
      `closed ${Math.round(report.closedAfter)} ms after the recovery; another service: ${report.othersFailed} of ` +
      `${report.others} failed\n`,
  );
}
