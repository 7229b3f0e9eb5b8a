import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { TrivetError } from "@trivet/platform";
import { type RedisBinding, restBinding } from "@trivet/platform/redis";
import { hasRedisServer, type OwnRedis, startOwnRedis } from "@trivet/testing/redis";
import { type Timed, timed } from "@trivet/testing/timed";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type RespBinding, respBinding } from "../../src/redis/resp.ts";

/** What is done at a deadline is done within so many milliseconds of it. */
const slack = 100;
const hasServer = await hasRedisServer();
const get = (redis: RedisBinding, patience: number) =>
  redis.execute([["GET", "trivet:outages"]], { deadline: Date.now() + patience });

/** How a command failed. */
async function failure(redis: RedisBinding, patience: number): Promise<string> {
  const outcome = await get(redis, patience).catch((error: unknown) => error);
  return outcome instanceof TrivetError ? outcome.code : String(outcome);
}

/** How several at once failed, and the milliseconds until the last of them had. */
async function failures(redis: RedisBinding, patience: number, count: number): Promise<Timed<Set<string>>> {
  const { outcome, milliseconds } = await timed(() =>
    Promise.all(Array.from({ length: count }, () => failure(redis, patience))),
  );
  return { outcome: new Set(outcome), milliseconds };
}

/** Milliseconds until commands are answered again. */
async function recovery(redis: RedisBinding): Promise<number> {
  const answered = async () => {
    while (!(await get(redis, 200).catch(() => undefined))) await pause(20);
  };
  return (await timed(answered)).milliseconds;
}

/** Takes connections and what is sent, and never says anything. */
async function openBlackHole(port = 0): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket.on("error", () => undefined).resume()));
  await once(server.listen(port, "127.0.0.1"), "listening");
  const address = server.address();
  return {
    port: typeof address === "object" && address ? address.port : 0,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const opened: RespBinding[] = [];
const open = (url: string): RespBinding => {
  const binding = respBinding(url);
  opened.push(binding);
  return binding;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((binding) => binding.close()));
});

describe("a Redis that takes connections and never answers", () => {
  test("RESP: deadline_exceeded at the deadline, also for the hundred that wait at once", async () => {
    const hole = await openBlackHole();
    const redis = open(`redis://127.0.0.1:${hole.port}`);
    const { outcome, milliseconds } = await failures(redis, 150, 100);
    expect(outcome).toEqual(new Set(["deadline_exceeded"]));
    expect(milliseconds).toBeLessThan(150 + slack);
    await hole.close();
  });

  test("REST: deadline_exceeded at the deadline", async () => {
    const hole = await openBlackHole();
    const rest = restBinding(`http://127.0.0.1:${hole.port}`, "token");
    const { outcome, milliseconds } = await failures(rest, 150, 1);
    expect(outcome).toEqual(new Set(["deadline_exceeded"]));
    expect(milliseconds).toBeLessThan(150 + slack);
    await hole.close();
  });
});

describe("a Redis that is not there", () => {
  test("RESP: unavailable at once, again and again", async () => {
    const redis = open("redis://127.0.0.1:1");
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const { outcome, milliseconds } = await failures(redis, 1_000, 1);
      expect(outcome).toEqual(new Set(["unavailable"]));
      expect(milliseconds).toBeLessThan(500);
    }
  });

  test("REST: unavailable at once", async () => {
    expect(await failure(restBinding("http://127.0.0.1:1", "token"), 1_000)).toBe("unavailable");
  });

  test("closing while it is sought ends the search", async () => {
    const redis = open("redis://127.0.0.1:1");
    await failure(redis, 100);
    await redis.close();
    expect(await failure(redis, 1_000)).toBe("unavailable");
  });
});

describe.skipIf(!hasServer)(`an outage of Redis${hasServer ? "" : ": there is no redis-server here"}`, () => {
  let server: OwnRedis;
  beforeAll(async () => {
    server = await startOwnRedis();
  });
  afterAll(() => server?.kill());

  test("killed: unavailable at once; started again: answers within five seconds", async () => {
    const redis = open(server.url);
    await get(redis, 1_000);
    for (let round = 0; round < 2; round += 1) {
      await server.kill();
      const { outcome, milliseconds } = await failures(redis, 1_000, 20);
      expect(outcome).toEqual(new Set(["unavailable"]));
      expect(milliseconds).toBeLessThan(500);
      await server.start();
      expect(await recovery(redis)).toBeLessThan(5_000);
    }
  });

  test("frozen: deadline_exceeded at the deadline; thawed: answers within five seconds", async () => {
    const redis = open(server.url);
    await get(redis, 1_000);
    server.freeze();
    const { outcome, milliseconds } = await failures(redis, 100, 1);
    expect(outcome).toEqual(new Set(["deadline_exceeded"]));
    expect(milliseconds).toBeLessThan(100 + slack);
    server.thaw();
    expect(await recovery(redis)).toBeLessThan(5_000);
  });

  test("a late answer is not taken for that to the next question", async () => {
    const redis = open(server.url);
    await redis.execute([["SET", "trivet:late", "late"]], { deadline: Date.now() + 1_000 });
    server.freeze();
    const late = redis.execute([["GET", "trivet:late"]], { deadline: Date.now() + 50 });
    await expect(late).rejects.toMatchObject({ code: "deadline_exceeded" });
    server.thaw();
    expect(await redis.execute([["ECHO", "next"]], { deadline: Date.now() + 2_000 })).toEqual([{ result: "next" }]);
  });

  test("a connection that goes silent while the server lives is given up for a new one", async () => {
    await server.kill();
    const hole = await openBlackHole(server.port);
    const redis = open(server.url);
    expect(await failure(redis, 50)).toBe("deadline_exceeded");
    await hole.close();
    await server.start();
    expect(await recovery(redis)).toBeLessThan(5_000);
  });

  test("a wrong password is unavailable, not a hang", async () => {
    expect(await failure(open(`redis://:wrong@127.0.0.1:${server.port}`), 1_000)).toBe("unavailable");
  });
});
