import { hasRedisServer, type OwnRedis, startOwnRedis } from "@trivet/testing/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { run, runtimes } from "../fixtures/process.ts";

const tally = z.object({
  accepted: z.number(),
  refused: z.number(),
  acceptedAlone: z.number(),
  longestTrip: z.number(),
});
/** Who has heard nothing of Redis for fifty milliseconds counts alone, and says so; timers may be a few early. */
const patience = 45;
const hasServer = await hasRedisServer();

// The short form of `npm run fault:limiter`.
describe.skipIf(!hasServer)(
  `four processes under one limit${hasServer ? "" : ": there is no redis-server here"}`,
  () => {
    let server: OwnRedis;
    beforeAll(async () => {
      server = await startOwnRedis();
    });
    afterAll(() => server?.kill());

    test.each([
      { runtime: runtimes[0], limit: 600 },
      { runtime: runtimes[1], limit: 300 },
    ])(
      "$runtime: of ten times $limit requests the limit is let through, within 1 %",
      async ({ runtime, limit }) => {
        const args = [limit, 60_000, (10 * limit) / 4, 500].map(String);
        const env = { REDIS_URL: server.url, PREFIX: `trivet:limit:${runtime}` };
        const processes = Array.from({ length: 4 }, () => run(runtime, "limiter-main.ts", args, env));
        await Promise.all(processes.map(({ exit }) => exit));
        const tallies = processes.map(({ output }) => tally.parse(JSON.parse(output())));
        const sum = (name: keyof z.output<typeof tally>): number =>
          tallies.reduce((total, one) => total + one[name], 0);
        expect(sum("accepted") + sum("refused")).toBe(10 * limit);
        expect(sum("accepted")).toBeGreaterThanOrEqual(0.99 * limit);
        // A machine so busy that Redis is late is an outage like any other. Without one, nobody counts alone.
        const isLate = tallies.some(({ longestTrip }) => longestTrip >= patience);
        expect(sum("acceptedAlone")).toBeLessThanOrEqual(isLate ? limit : 0);
        expect(sum("accepted") - sum("acceptedAlone")).toBeLessThanOrEqual(1.01 * limit);
      },
      60_000,
    );
  },
);
