import { describe, expect, test } from "vitest";
import { isKept, publishThroughKills } from "../../src/faults/kill/publish.ts";
import { killRedis } from "../../src/faults/kill/redis.ts";
import { natsVersion } from "../../src/faults/kill/servers.ts";
import { hasRedisServer } from "../../src/redis/index.ts";

const hasNats = (await natsVersion()) !== undefined;
const hasRedis = await hasRedisServer();

// Short forms of `npm run fault:kill`.
describe("a server is killed while it is worked with", () => {
  const kept = async (victim: "NATS" | "Postgres"): Promise<void> => {
    const report = await publishThroughKills({ victim, events: 600, kills: 1, rate: 200 });
    expect(report).toMatchObject({ lost: 0, doubled: 0 });
    expect(isKept(report)).toBe(true);
  };

  test("Postgres: what it acknowledged is stored and handled once, and publishers recover", () => kept("Postgres"));

  test.skipIf(!hasNats)("NATS: what it acknowledged is stored and handled once, and publishers recover", () =>
    kept("NATS"),
  );

  test.skipIf(!hasRedis)("Redis: everybody is answered", async () => {
    expect(await killRedis("node", 1)).toMatchObject({ failed: 0 });
  });
});
