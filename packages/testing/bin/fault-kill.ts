/**
 * NATS, Postgres and Redis of the run's own are killed while they are worked with; see docs/reliability.md.
 * `--events 1000`, `--kills 1` and `--only NATS` make it another run.
 */
import process from "node:process";
import { parseArgs } from "node:util";
import setup from "../src/database/global-setup.ts";
import { isKept, publishThroughKills } from "../src/faults/kill/publish.ts";
import { killRedis } from "../src/faults/kill/redis.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "10000" },
    kills: { type: "string", default: "4" },
    only: { type: "string" },
  },
});
const kills = Number(values.kills);
const isAsked = (name: string): boolean => values.only === undefined || values.only === name;

const tell = (holds: boolean, text: string): void => {
  if (!holds) process.exitCode = 1;
  process.stdout.write(`${holds ? "holds" : "FAILS"}: ${text}\n`);
};

const teardown = await setup();
try {
  for (const victim of ["NATS", "Postgres"] as const) {
    if (!isAsked(victim)) continue;
    const report = await publishThroughKills({ victim, events: Number(values.events), kills, rate: 500 });
    const { events, repeated, lost, doubled, outage, recovery, handledSeconds } = report;
    tell(
      isKept(report),
      `${victim} killed ${kills} times: ${events} events acknowledged, ${repeated} of them sent anew, ${lost} lost, ${doubled} ` +
        `handled twice; away ${Math.round(outage)} ms at most, and then ${Math.round(recovery)} ms until an event was ` +
        `acknowledged; all handled ${handledSeconds.toFixed(1)} s after the last kill`,
    );
  }
  for (const runtime of ["node", "bun"] as const) {
    if (!isAsked("Redis")) continue;
    const { requests, failed } = await killRedis(runtime, kills);
    tell(failed === 0, `Redis killed ${kills} times, ${runtime}: ${failed} of ${requests} requests failed`);
  }
} finally {
  await teardown();
}
