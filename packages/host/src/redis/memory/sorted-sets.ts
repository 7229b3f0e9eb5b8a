import type { RedisValue } from "@trivet/platform/redis";
import { float, integer, range, scoreText, syntaxError } from "./arguments.ts";
import { any, at, type Commands } from "./command.ts";
import { type Keyspace, Refusal, type SortedSet } from "./keyspace.ts";

type Ranked = [member: string, score: number];

/** By score, then by the members' bytes. */
const sorted = (set: SortedSet | undefined): Ranked[] =>
  [...(set ?? [])].toSorted(([a, x], [b, y]) => x - y || Buffer.compare(Buffer.from(a), Buffer.from(b)));

const read = (space: Keyspace, key: string): Ranked[] => sorted(space.get(key, "zset"));

function remove(space: Keyspace, key: string, members: readonly string[]): number {
  const set = space.get(key, "zset");
  if (!set) return 0;
  const removed = members.filter((member) => set.delete(member)).length;
  space.deleteEmpty(key, set.size);
  return removed;
}

export const sortedSets: Commands = {
  ZADD: { arity: [3, any], run: add },
  ZREM: { arity: [2, any], run: (space, [key = "", ...members]) => remove(space, key, members) },
  ZCARD: { arity: [1, 1], run: (space, [key = ""]) => space.get(key, "zset")?.size ?? 0 },
  ZSCORE: {
    arity: [2, 2],
    run(space, [key = "", member = ""]) {
      const score = space.get(key, "zset")?.get(member);
      return score === undefined ? null : scoreText(score);
    },
  },
  ZINCRBY: {
    arity: [3, 3],
    run(space, [key = "", by, member = ""]) {
      const step = float(by);
      const set = space.open(key, "zset", () => new Map());
      const score = (set.get(member) ?? 0) + step;
      set.set(member, score);
      return scoreText(score);
    },
  },
  ZRANK: {
    arity: [2, 2],
    run(space, [key = "", member]) {
      const rank = read(space, key).findIndex(([name]) => name === member);
      return rank === -1 ? null : rank;
    },
  },
  ZCOUNT: {
    arity: [3, 3],
    run(space, [key = "", min = "", max = ""]) {
      const within = between(min, max);
      return read(space, key).filter(within).length;
    },
  },
  ZRANGE: { arity: [3, any], run: zrange },
  ZREMRANGEBYSCORE: {
    arity: [3, 3],
    run(space, [key = "", min = "", max = ""]) {
      const within = between(min, max);
      return remove(space, key, members(read(space, key).filter(within)));
    },
  },
  ZREMRANGEBYRANK: {
    arity: [3, 3],
    run(space, [key = "", start, stop]) {
      const [from, to] = [integer(start), integer(stop)];
      const all = read(space, key);
      return remove(space, key, members(all.slice(...range(from, to, all.length))));
    },
  },
  ZPOPMIN: {
    arity: [1, 2],
    run(space, [key = "", count = "1"]) {
      const wanted = integer(count);
      if (wanted < 0) throw new Refusal("ERR value is out of range, must be positive");
      const first = read(space, key).slice(0, wanted);
      remove(space, key, members(first));
      return withScores(first);
    },
  },
};

const members = (ranked: readonly Ranked[]): string[] => ranked.map(([member]) => member);
const withScores = (ranked: readonly Ranked[]): string[] =>
  ranked.flatMap(([member, score]) => [member, scoreText(score)]);

const addFlags = new Set(["NX", "XX", "GT", "LT", "CH"]);

function add(space: Keyspace, [key = "", ...rest]: readonly string[]): RedisValue {
  const start = rest.findIndex((part) => !addFlags.has(part.toUpperCase()));
  const flags = new Set(rest.slice(0, Math.max(0, start)).map((flag) => flag.toUpperCase()));
  const parts = rest.slice(Math.max(0, start));
  if (parts.length === 0 || parts.length % 2 === 1) throw syntaxError();
  const scores = parts.filter((_, index) => index % 2 === 0).map(float);
  const set = space.get(key, "zset") ?? new Map<string, number>();
  let [added, changed] = [0, 0];
  for (const [index, score] of scores.entries()) {
    const member = at(parts, 2 * index + 1);
    const before = set.get(member);
    if (!mayMove(flags, before, score)) continue;
    set.set(member, score);
    if (before === undefined) added += 1;
    else if (before !== score) changed += 1;
  }
  if (set.size > 0 && !space.entry(key)) space.put(key, "zset", set);
  return flags.has("CH") ? added + changed : added;
}

function mayMove(flags: ReadonlySet<string>, before: number | undefined, after: number): boolean {
  if (before === undefined) return !flags.has("XX");
  return !(flags.has("NX") || (flags.has("GT") && after <= before) || (flags.has("LT") && after >= before));
}

/** `5`, `(5` without the 5 itself, `-inf`. */
function between(min: string, max: string): (ranked: Ranked) => boolean {
  const bound = (text: string): [limit: number, open: boolean] => {
    const open = text.startsWith("(");
    try {
      return [float(open ? text.slice(1) : text), open];
    } catch {
      throw new Refusal("ERR min or max is not a float");
    }
  };
  const [low, lowOpen] = bound(min);
  const [high, highOpen] = bound(max);
  return ([, score]) => (lowOpen ? score > low : score >= low) && (highOpen ? score < high : score <= high);
}

function zrange(space: Keyspace, [key = "", start = "", stop = "", ...rest]: readonly string[]): RedisValue {
  const flags = rest.map((flag) => flag.toUpperCase());
  const limit = flags.indexOf("LIMIT");
  const known = new Set(["BYSCORE", "REV", "WITHSCORES", "LIMIT"]);
  if (flags.some((flag, index) => !known.has(flag) && !(limit !== -1 && index > limit && index <= limit + 2)))
    throw syntaxError();
  const reverse = flags.includes("REV");
  const all = reverse ? read(space, key).toReversed() : read(space, key);
  let found: Ranked[];
  if (flags.includes("BYSCORE")) {
    found = all.filter(reverse ? between(stop, start) : between(start, stop));
    if (limit !== -1) {
      const [offset, count] = [integer(rest[limit + 1]), integer(rest[limit + 2])];
      found = found.slice(offset, count < 0 ? undefined : offset + count);
    }
  } else {
    if (limit !== -1) throw syntaxError();
    found = all.slice(...range(integer(start), integer(stop), all.length));
  }
  return flags.includes("WITHSCORES") ? withScores(found) : members(found);
}
