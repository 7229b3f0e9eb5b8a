import { TrivetError } from "@trivet/platform";
import {
  defineScript,
  type Redis,
  type RedisBinding,
  readStored,
  redisClient,
  runScript,
} from "@trivet/platform/redis";
import { z } from "zod";

/** A Redis made by the driver under test. */
export interface RedisSubject {
  binding: RedisBinding;
}

/** What a case gets: the client over the subject, and a prefix of its own for its keys. */
interface Bench {
  redis: Redis;
  binding: RedisBinding;
  key: (name: string) => string;
}

/** A promise that every driver keeps. It rejects where one does not. */
export interface RedisCase {
  title: string;
  run(subject: RedisSubject): Promise<void>;
}

const soon = (): number => Date.now() + 5_000;

const redisCase = (title: string, run: (bench: Bench) => Promise<void>): RedisCase => ({
  title,
  run: async ({ binding }) => {
    const prefix = `trivet:conformance:${crypto.randomUUID()}:`;
    await run({ redis: redisClient(binding, soon), binding, key: (name) => prefix + name });
  },
});

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Adds up to a limit and says by how much: enough to show that a script reads, decides and writes as one. */
const addUpTo = defineScript(
  `local value = tonumber(redis.call('GET', KEYS[1]) or '0')
local added = math.max(0, math.min(tonumber(ARGV[1]), tonumber(ARGV[2]) - value))
if added > 0 then redis.call('INCRBY', KEYS[1], added) end
return {added, value + added, redis.call('TTL', KEYS[1])}`,
  (call, [key = ""], [wanted, limit]) => {
    const value = Number(call("GET", key) ?? "0");
    const added = Math.max(0, Math.min(Number(wanted), Number(limit) - value));
    if (added > 0) call("INCRBY", key, String(added));
    return [added, value + added, call("TTL", key)];
  },
);

export const redisCases: readonly RedisCase[] = [
  redisCase(
    "a value is read as it was written: text, numbers, objects, lists, null, nothing",
    async ({ redis, key }) => {
      const values = ["plain", "", "two words\r\n", 12, -1.5, true, { a: [1, "2", null] }, ["x", { y: 1 }]];
      for (const value of values) {
        same(await redis.set(key("a"), value), "OK");
        same(await redis.get(key("a")), value);
      }
      same(await redis.get(key("missing")), null);
    },
  ),
  redisCase("text of any script and any control character comes back whole", async ({ redis, key }) => {
    const every = Array.from({ length: 0x250 }, (_, code) => String.fromCodePoint(code)).join("");
    for (const text of [
      "Grüße, 世界, مرحبا, 👩‍👩‍👧‍👦",
      every,
      "\u0000\u0001\u001f\u007f",
      "\u2028\u2029",
      "é".repeat(100_000),
    ]) {
      await redis.set(key(text.slice(0, 50)), text);
      same(await redis.get(key(text.slice(0, 50))), text);
    }
  }),
  redisCase("half a character is replaced, and fails nothing", async ({ redis, key }) => {
    await redis.set(key("half"), "a\ud800b");
    same(await redis.get(key("half")), "a\ufffdb");
  }),
  redisCase("digits that are no number of JavaScript's stay text", async ({ redis, key }) => {
    const texts = ["007", "1e3", "12345678901234567890", "+1", "0x10", "1.0"];
    for (const text of texts) {
      await redis.set(key("n"), text);
      same(await redis.get(key("n")), text);
    }
    await redis.set(key("n"), "42");
    same(await redis.get(key("n")), 42);
  }),
  redisCase(
    "what is no JSON is text to whoever asks for it, and corrupt_data to whoever expects more",
    async ({ redis, key }) => {
      await redis.set(key("broken"), '{"a": 1');
      same(await redis.get(key("broken")), '{"a": 1');
      const shape = z.object({ a: z.number() });
      same((await faultOf(readStored(redis, key("broken"), shape))).code, "corrupt_data");
      await redis.set(key("whole"), { a: 1 });
      same(await readStored(redis, key("whole"), shape), { a: 1 });
      same(await readStored(redis, key("none"), shape), undefined);
    },
  ),
  redisCase("a value of another type is corrupt_data, and so is a number that is none", async ({ redis, key }) => {
    await redis.rpush(key("list"), 1);
    same((await faultOf(redis.get(key("list")))).code, "corrupt_data");
    same((await faultOf(redis.hget(key("list"), "field"))).code, "corrupt_data");
    await redis.set(key("text"), "twelve");
    same((await faultOf(redis.incr(key("text")))).code, "corrupt_data");
    same(await redis.get(key("text")), "twelve");
  }),
  redisCase("NX writes only what is new, XX only what is there, GET answers what was there", async ({ redis, key }) => {
    same(await redis.set(key("a"), 1, { xx: true }), null);
    same(await redis.set(key("a"), 1, { nx: true }), "OK");
    same(await redis.set(key("a"), 2, { nx: true }), null);
    same(await redis.set(key("a"), 3, { xx: true }), "OK");
    same(await redis.set(key("a"), 4, { get: true }), 3);
    same(await redis.set(key("b"), 4, { get: true }), null);
    same(await redis.get(key("a")), 4);
  }),
  redisCase("of a hundred who write with NX at once, one does", async ({ redis, key }) => {
    const wins = await Promise.all(
      Array.from({ length: 100 }, (_, n) => redis.set(key("lock"), n, { nx: true, px: 5_000 })),
    );
    same(wins.filter((win) => win === "OK").length, 1);
  }),
  redisCase("an expiry is exact: there before it, gone after it", async ({ redis, key }) => {
    const before = Date.now();
    await redis.set(key("short"), 1, { px: 300 });
    const left = await redis.pttl(key("short"));
    same(left > 300 - (Date.now() - before) - 20 && left <= 300, true);
    await pause(Math.max(0, before + 240 - Date.now()));
    const value = await redis.get(key("short"));
    // A machine that was busy for longer has proven nothing.
    if (Date.now() < before + 295) same(value, 1);
    await pause(Math.max(0, before + 320 - Date.now()) + (Date.now() - before > 240 ? 20 : 0));
    same(await redis.get(key("short")), null);
    same(await redis.pttl(key("short")), -2);
    same(await redis.exists(key("short")), 0);
  }),
  redisCase("lifetimes are set, read, kept and taken off", async ({ redis, key }) => {
    await redis.set(key("a"), 1, { ex: 100 });
    same(await redis.ttl(key("a")), 100);
    await redis.set(key("a"), 2, { keepTtl: true });
    same(await redis.ttl(key("a")), 100);
    same(await redis.incr(key("a")), 3);
    same(await redis.ttl(key("a")), 100);
    await redis.set(key("a"), 3);
    same(await redis.ttl(key("a")), -1);
    same(await redis.expire(key("a"), 50), 1);
    same(await redis.expire(key("a"), 70, "NX"), 0);
    same(await redis.pexpire(key("a"), 40_000), 1);
    same(await redis.ttl(key("a")), 40);
    same(await redis.persist(key("a")), 1);
    same(await redis.ttl(key("a")), -1);
    same(await redis.expire(key("a"), -1), 1);
    same(await redis.exists(key("a")), 0);
    same([await redis.expire(key("none"), 5), await redis.ttl(key("none"))], [0, -2]);
  }),
  redisCase("a lifetime of nothing is refused", async ({ redis, key }) => {
    same((await faultOf(redis.set(key("a"), 1, { px: 0 }))).code, "internal");
    same(await redis.exists(key("a")), 0);
  }),
  redisCase("counters count exactly under concurrency", async ({ redis, key }) => {
    const counts = await Promise.all(Array.from({ length: 200 }, () => redis.incr(key("n"))));
    same(new Set(counts).size, 200);
    same(await redis.incrby(key("n"), -50), 150);
    same([await redis.decr(key("n")), await redis.decrby(key("n"), 9)], [149, 140]);
  }),
  redisCase("several keys are written, read, counted and deleted together", async ({ redis, key }) => {
    await redis.mset({ [key("a")]: 1, [key("b")]: { c: 2 } });
    same(await redis.mget(key("a"), key("none"), key("b")), [1, null, { c: 2 }]);
    same(await redis.exists(key("a"), key("a"), key("b"), key("none")), 3);
    same(await redis.del(key("a"), key("none")), 1);
    same(await redis.unlink(key("b")), 1);
    await redis.set(key("once"), "x");
    same([await redis.getdel(key("once")), await redis.getdel(key("once"))], ["x", null]);
  }),
  redisCase("hashes", async ({ redis, key }) => {
    same(await redis.hset(key("h"), { a: 1, b: "two", ü: { c: 3 } }), 3);
    same(await redis.hset(key("h"), { a: 2, d: 4 }), 1);
    same(await redis.hget(key("h"), "a"), 2);
    same(await redis.hget(key("h"), "none"), null);
    same(await redis.hgetall(key("h")), { a: 2, b: "two", ü: { c: 3 }, d: 4 });
    same(await redis.hgetall(key("none")), null);
    same(await redis.hmget(key("h"), "a", "none"), { a: 2, none: null });
    same([await redis.hsetnx(key("h"), "a", 9), await redis.hsetnx(key("h"), "e", 9)], [0, 1]);
    same(await redis.hincrby(key("h"), "d", -10), -6);
    same([await redis.hexists(key("h"), "b"), await redis.hexists(key("h"), "x")], [1, 0]);
    same(await redis.hdel(key("h"), "a", "b", "x"), 2);
    same([await redis.hlen(key("h")), (await redis.hkeys(key("h"))).toSorted()], [3, ["d", "e", "ü"]]);
    same((await redis.hvals(key("h"))).length, 3);
    await redis.hdel(key("h"), "d", "e", "ü");
    same(await redis.exists(key("h")), 0);
  }),
  redisCase("lists", async ({ redis, key }) => {
    same(await redis.rpush(key("l"), "b", "c"), 2);
    same(await redis.lpush<unknown>(key("l"), "a", { z: 1 }), 4);
    same(await redis.lrange(key("l"), 0, -1), [{ z: 1 }, "a", "b", "c"]);
    same(await redis.lrange(key("l"), -2, 99), ["b", "c"]);
    same(await redis.lrange(key("l"), 3, 1), []);
    same([await redis.lindex(key("l"), -1), await redis.lindex(key("l"), 9)], ["c", null]);
    same([await redis.lpop(key("l")), await redis.rpop(key("l"))], [{ z: 1 }, "c"]);
    same(await redis.llen(key("l")), 2);
    await redis.rpush(key("l"), "a", "x", "a");
    same([await redis.lrem(key("l"), -1, "a"), await redis.lrange(key("l"), 0, -1)], [1, ["a", "b", "a", "x"]]);
    same(await redis.ltrim(key("l"), 1, 2), "OK");
    same(await redis.lrange(key("l"), 0, -1), ["b", "a"]);
    same(await redis.lpop(key("l"), 5), ["b", "a"]);
    same([await redis.exists(key("l")), await redis.lpop(key("l"))], [0, null]);
  }),
  redisCase("sets", async ({ redis, key }) => {
    same(await redis.sadd(key("s"), "a", "b", "a"), 2);
    same((await redis.smembers(key("s"))).toSorted(), ["a", "b"]);
    same([await redis.sismember(key("s"), "a"), await redis.sismember(key("s"), "x")], [1, 0]);
    same([await redis.scard(key("s")), await redis.srem(key("s"), "a", "x"), await redis.scard(key("s"))], [2, 1, 1]);
    same(await redis.smembers(key("none")), []);
  }),
  redisCase("sorted sets", async ({ redis, key }) => {
    same(
      await redis.zadd(key("z"), { score: 2, member: "b" }, { score: 1, member: "a" }, { score: 2, member: "aa" }),
      3,
    );
    same(await redis.zrange(key("z"), 0, -1), ["a", "aa", "b"]);
    same(await redis.zrange(key("z"), 0, 0, { rev: true, withScores: true }), ["b", 2]);
    same(await redis.zrange(key("z"), 2, "+inf", { byScore: true }), ["aa", "b"]);
    same(await redis.zrange(key("z"), "(1", 2, { byScore: true, offset: 1, count: 1 }), ["b"]);
    same(await redis.zadd(key("z"), { nx: true }, { score: 9, member: "a" }), 0);
    same(await redis.zadd(key("z"), { gt: true, ch: true }, { score: 5, member: "a" }), 1);
    same([await redis.zscore(key("z"), "a"), await redis.zscore(key("z"), "none")], [5, null]);
    same([await redis.zrank(key("z"), "a"), await redis.zrank(key("z"), "none")], [2, null]);
    same([await redis.zcard(key("z")), await redis.zcount(key("z"), 2, 4)], [3, 2]);
    same(await redis.zincrby(key("z"), 0.5, "a"), 5.5);
    same(await redis.zpopmin(key("z")), ["aa", 2]);
    same([await redis.zremrangebyscore(key("z"), 0, 2), await redis.zrange(key("z"), 0, -1)], [1, ["a"]]);
    same([await redis.zrem(key("z"), "a", "x"), await redis.exists(key("z"))], [1, 0]);
    await redis.zadd(key("z"), { score: 1, member: "a" }, { score: 2, member: "b" });
    same([await redis.zremrangebyrank(key("z"), 0, 0), await redis.zrange(key("z"), 0, -1)], [1, ["b"]]);
  }),
  redisCase("the type of a value is told", async ({ redis, key }) => {
    await redis.set(key("a"), 1);
    await redis.sadd(key("b"), 1);
    await redis.zadd(key("c"), { score: 1, member: "x" });
    const types = await Promise.all(["a", "b", "c", "none"].map((name) => redis.type(key(name))));
    same(types, ["string", "set", "zset", "none"]);
  }),
  redisCase("a scan finds every key of a pattern, and no other", async ({ redis, key }) => {
    const names = Array.from({ length: 250 }, (_, n) => key(`user:${n}`));
    await redis.mset(Object.fromEntries(names.map((name) => [name, 1])));
    await redis.set(key("other"), 1);
    const found = new Set<string>();
    for (let cursor = "0"; ; ) {
      const [next, some] = await redis.scan(cursor, { match: key("user:*"), count: 100 });
      for (const name of some) found.add(name);
      if (next === "0") break;
      cursor = next;
    }
    same([...found].toSorted(), names.toSorted());
    await redis.del(...names);
  }),
  redisCase("a pipeline answers each command in order, and one that fails fails alone", async ({ redis, key }) => {
    const pipeline = redis.pipeline();
    pipeline.set(key("a"), "x").incr(key("a")).get(key("a")).incr(key("n"));
    const [set, wrong, get, count] = await pipeline.exec({ keepErrors: true });
    same([set?.result, get?.result, count?.result], ["OK", "x", 1]);
    same(wrong?.error?.includes("not an integer"), true);
    same(await redis.pipeline().get(key("a")).ttl(key("a")).exec(), ["x", -1]);
  }),
  redisCase("a thousand commands in one pipeline", async ({ redis, key }) => {
    const pipeline = redis.pipeline();
    for (let n = 0; n < 1_000; n += 1) pipeline.incr(key("n"));
    same(
      await pipeline.exec(),
      Array.from({ length: 1_000 }, (_, n) => n + 1),
    );
  }),
  redisCase("nothing comes in between the commands of a transaction", async ({ redis, key }) => {
    const transactions = Array.from({ length: 50 }, async () => {
      const [, before, , after] = await redis
        .multi()
        .incr(key("a"))
        .get<number>(key("a"))
        .incr(key("a"))
        .get<number>(key("a"))
        .exec();
      return Number(after) - Number(before);
    });
    same([...new Set(await Promise.all(transactions))], [1]);
    same(await redis.get(key("a")), 100);
  }),
  redisCase("a transaction goes on after a command that fails, as in Redis", async ({ redis, key }) => {
    await redis.set(key("text"), "x");
    const replies = await redis.multi().set(key("a"), 1).incr(key("text")).set(key("b"), 2).exec({ keepErrors: true });
    same(
      replies.map(({ error }) => error !== undefined),
      [false, true, false],
    );
    same(await redis.mget(key("a"), key("b")), [1, 2]);
  }),
  redisCase("a script runs as one, sent once and then by its digest", async ({ binding, key }) => {
    const runs = Array.from({ length: 100 }, () =>
      runScript(binding, addUpTo, [key("n")], [3, 100], { deadline: soon() }),
    );
    const added = (await Promise.all(runs)).map((reply) => (Array.isArray(reply) ? Number(reply[0]) : Number.NaN));
    same(
      added.reduce((sum, one) => sum + one),
      100,
    );
    same(await runScript(binding, addUpTo, [key("n")], [3, 100], { deadline: soon() }), [0, 100, -1]);
  }),
  redisCase("scripts by text, by digest, loaded and unknown", async ({ redis, key }) => {
    same(await redis.eval(addUpTo.lua, [key("n")], [2, 10]), [2, 2, -1]);
    same(await redis.scriptLoad(addUpTo.lua), addUpTo.sha1);
    same(await redis.evalsha(addUpTo.sha1, [key("n")], [2, 10]), [2, 4, -1]);
    same(await redis.scriptExists(addUpTo.sha1, "0".repeat(40)), [1, 0]);
    const unknown = await faultOf(redis.evalsha("0".repeat(40), [], []));
    same(String(unknown.cause).includes("NOSCRIPT"), true);
  }),
  redisCase("a script meets a value of another type as anybody else does", async ({ redis, binding, key }) => {
    await redis.sadd(key("n"), "x");
    const fault = await faultOf(runScript(binding, addUpTo, [key("n")], [1, 1], { deadline: soon() }));
    same(fault.code, "corrupt_data");
  }),
  redisCase("a message without listeners reaches nobody", async ({ redis, key }) => {
    same(await redis.publish(key("channel"), { hello: 1 }), 0);
    same(await redis.ping(), "PONG");
  }),
  redisCase(
    "a command that Redis does not know is an error, and a transaction with one is not carried out",
    async ({ binding, key }) => {
      const [reply] = await binding.execute([["NOSUCHCOMMAND", "a"]], { deadline: soon() });
      same(reply && "error" in reply && reply.error.startsWith("ERR unknown command"), true);
      const both = [["SET", key("a"), "1"], ["NOSUCHCOMMAND"]];
      await faultOf(binding.execute(both, { deadline: soon(), atomic: true }));
      same(await binding.execute([["EXISTS", key("a")]], { deadline: soon() }), [{ result: 0 }]);
    },
  ),
  redisCase("five hundred commands at once do not mix up their answers", async ({ redis, key }) => {
    const answers = Array.from({ length: 500 }, async (_, n) => {
      await redis.set(key(String(n)), `value ${n}`, { ex: 60 });
      same(await redis.get(key(String(n))), `value ${n}`);
    });
    await Promise.all(answers);
  }),
];

async function faultOf(work: Promise<unknown>): Promise<TrivetError> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof TrivetError) return outcome;
  throw new Error(`Expected a TrivetError, got ${String(outcome)}`);
}

function same(actual: unknown, expected: unknown): void {
  const [seen, wanted] = [actual, expected].map((value) => JSON.stringify(inOrder(value)));
  if (seen !== wanted) throw new Error(`Expected ${wanted?.slice(0, 200)}, got ${seen?.slice(0, 200)}`);
}

/** With the keys of objects in order, so that equal values have equal texts. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, one]) => [name, inOrder(one)]),
  );
}
