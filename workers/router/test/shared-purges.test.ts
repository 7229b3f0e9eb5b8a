import { mintServiceToken } from "@trivet/platform";
import {
  hasRedisServer,
  type OwnRedis,
  startOwnRedis,
  startUpstashProxy,
  type UpstashProxy,
} from "@trivet/testing/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Door, door, serviceSecret, Upstream } from "./fixture/door.ts";

const hasServer = await hasRedisServer();

const service = (): Upstream => {
  let count = 0;
  return new Upstream(
    () => new Response(`answer ${++count}`, { headers: { "cache-control": "public, max-age=1000" } }),
  );
};

describe.skipIf(!hasServer)(`a purge${hasServer ? "" : ": there is no redis-server here"}`, () => {
  let server: OwnRedis;
  let proxy: UpstashProxy;

  beforeAll(async () => {
    server = await startOwnRedis();
    proxy = await startUpstashProxy(server.url);
  });
  afterAll(async () => {
    await proxy?.stop();
    await server?.kill();
  });

  const process = (through = proxy): Door =>
    door({ USERS: service(), UPSTASH_REDIS_REST_URL: through.url, UPSTASH_REDIS_REST_TOKEN: through.token });
  const get = async (front: Door, path = "/users/a"): Promise<string> => await (await front.send(path)).text();
  const purge = async (front: Door, body: object): Promise<unknown> => {
    const token = await mintServiceToken("users", "router", serviceSecret);
    const headers = { "content-type": "application/json", "x-service-token": token };
    const answer = await front.send("/cache/purge", { method: "POST", headers, body: JSON.stringify(body) });
    return await answer.json();
  };

  test("reaches the other processes that share a Redis, and nothing else there is forgotten", async () => {
    const [one, two] = [process(), process()];
    for (const front of [one, two]) for (const path of ["/users/a", "/users/b"]) await get(front, path);
    // Both have looked by now how many purges there had been.
    await expect.poll(() => get(two)).toBe("answer 1");
    expect(await purge(one, { paths: ["/users/a"] })).toMatchObject({ purged: 1, reaches: "all processes" });
    await expect.poll(() => get(two)).not.toBe("answer 1");
    expect(await get(two, "/users/b")).toBe("answer 2");
  });

  test("that Redis does not take says so, and holds where it was asked for", async () => {
    const gone = await startUpstashProxy(server.url);
    const front = process(gone);
    await get(front);
    await gone.stop();
    expect(await purge(front, { all: true })).toMatchObject({ purged: 1, reaches: "this process" });
    expect(await get(front)).toBe("answer 2");
  });
});
