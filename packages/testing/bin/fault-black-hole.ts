/**
 * A Redis that is killed, and one that takes everything and never answers, under the routers' limits; then a service and a
 * database that do; see docs/reliability.md.
 */
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import setup from "../src/database/global-setup.ts";
import { type Answered, ask, startRouters } from "../src/faults/router-with-redis.ts";
import { fallSilent, isBearable } from "../src/faults/silence.ts";

const outages = ["killed", "silent"] as const;
let failed = false;

const slowest = (answers: readonly Answered[]): number => Math.max(...answers.map(({ took }) => took));

for (const runtime of ["node", "bun"] as const) {
  const routers = await startRouters(runtime, 1, { RATE_LIMIT_CREDENTIALS: "30" });
  const { port, redis } = routers;
  let client = 0;
  // Each from an address of its own, at what is held tightest: every one has to ask for its first token.
  const one = (): Promise<Answered> => {
    client += 1;
    return ask(
      port,
      `127.${1 + (client >> 14)}.${(client >> 7) & 127}.${1 + (client & 127)}`,
      "POST",
      "/auth/login",
      {},
    );
  };
  const several = async (times: number): Promise<Answered[]> => {
    const answers: Answered[] = [];
    for (let sent = 0; sent < times; sent += 1) answers.push(await one());
    return answers;
  };
  try {
    await several(200);
    for (const outage of outages) {
      // The best of five rounds, so that a stall of the machine in one of them does not pass for what is usual.
      let before: Answered[] = [];
      for (let round = 0; round < 5; round += 1) {
        const answers = await Promise.all(Array.from({ length: 20 }, one));
        if (round === 0 || slowest(answers) < slowest(before)) before = answers;
      }
      if (outage === "killed") await redis.kill();
      else redis.freeze();
      const first = await Promise.all(Array.from({ length: 20 }, one));
      const during = await several(500);
      const guesser = `127.0.0.${10 + outages.indexOf(outage)}`;
      const guesses: Answered[] = [];
      for (let sent = 0; sent < 100; sent += 1) guesses.push(await ask(port, guesser, "POST", "/auth/login", {}));
      const began = performance.now();
      if (outage === "killed") await redis.start();
      else redis.thaw();
      while ((await one()).local && performance.now() - began < 10_000) await pause(20);
      const recovered = performance.now() - began;
      const accepted = guesses.filter(({ status }) => status === 200).length;
      const errors = [...before, ...first, ...during, ...guesses].filter(({ status }) => status >= 500).length;
      const holds = errors === 0 && accepted === 30 && recovered <= 5_000 && slowest(first) <= slowest(before) + 100;
      failed ||= !holds;
      process.stdout.write(
        `${holds ? "holds" : "FAILS"}: ${runtime}, Redis ${outage}: slowest of 20 at once before, best of five rounds, ${slowest(before).toFixed(0)} ms, ` +
          `of the first 20 at once during ${slowest(first).toFixed(0)} ms, of 500 more in turn ${slowest(during).toFixed(0)} ms; ` +
          `${accepted} of 100 guesses let through (limit 30); ${errors} 5xx; shared again after ${recovered.toFixed(0)} ms\n`,
      );
    }
  } finally {
    await routers.stop();
  }
}

const teardown = await setup();
try {
  for (const runtime of ["node", "bun"] as const) {
    for (const who of ["service", "database"] as const) {
      const report = await fallSilent(runtime, who);
      failed ||= !isBearable(report);
      process.stdout.write(
        `${isBearable(report) ? "holds" : "FAILS"}: ${runtime}, a ${who} that never answers: ${report.statuses.join(", ")} ` +
          `${report.late.toFixed(0)} ms after the deadline at most; well again after ${report.recovered.toFixed(0)} ms\n`,
      );
    }
  }
} finally {
  await teardown();
}
process.exitCode = failed ? 1 : 0;
