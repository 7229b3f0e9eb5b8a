import type { RedisValue } from "@trivet/platform/redis";
import { integer, range } from "./arguments.ts";
import { any, type Commands, type MemoryCommand } from "./command.ts";
import { type Keyspace, Refusal } from "./keyspace.ts";

const read = (space: Keyspace, key: string): readonly string[] => space.get(key, "list") ?? [];

const push = (add: (list: string[], values: string[]) => unknown): MemoryCommand => ({
  arity: [2, any],
  run(space, [key = "", ...values]) {
    const list = space.open(key, "list", () => []);
    add(list, values);
    return list.length;
  },
});

/** One without a count, as many as there are up to the count otherwise. */
const pop = (take: (list: string[]) => string | undefined): MemoryCommand => ({
  arity: [1, 2],
  run(space, [key = "", count]): RedisValue {
    const wanted = count === undefined ? 1 : integer(count);
    if (wanted < 0) throw new Refusal("ERR value is out of range, must be positive");
    const list = space.get(key, "list");
    if (!list) return null;
    const taken = Array.from({ length: Math.min(wanted, list.length) }, () => take(list) ?? "");
    space.deleteEmpty(key, list.length);
    return count === undefined ? (taken[0] ?? null) : taken;
  },
});

export const lists: Commands = {
  LPUSH: push((list, values) => list.unshift(...values.toReversed())),
  RPUSH: push((list, values) => list.push(...values)),
  LPOP: pop((list) => list.shift()),
  RPOP: pop((list) => list.pop()),
  LLEN: { arity: [1, 1], run: (space, [key = ""]) => read(space, key).length },
  LINDEX: { arity: [2, 2], run: (space, [key = "", index]) => read(space, key).at(integer(index)) ?? null },
  LRANGE: {
    arity: [3, 3],
    run(space, [key = "", start, stop]) {
      const [from, to] = [integer(start), integer(stop)];
      const list = read(space, key);
      return list.slice(...range(from, to, list.length));
    },
  },
  LTRIM: {
    arity: [3, 3],
    run(space, [key = "", start, stop]) {
      const [from, to] = [integer(start), integer(stop)];
      const list = space.get(key, "list");
      if (!list) return "OK";
      const kept = list.slice(...range(from, to, list.length));
      list.splice(0, list.length, ...kept);
      space.deleteEmpty(key, list.length);
      return "OK";
    },
  },
  LREM: {
    arity: [3, 3],
    run(space, [key = "", count, value = ""]) {
      const wanted = integer(count);
      const list = space.get(key, "list");
      return list ? removeFrom(space, key, list, wanted, value) : 0;
    },
  },
};

/** From the front, from the back where `count` is negative, all where it is 0. */
function removeFrom(space: Keyspace, key: string, list: string[], count: number, value: string): number {
  const most = count === 0 ? list.length : Math.abs(count);
  let removed = 0;
  while (removed < most) {
    const index = count < 0 ? list.lastIndexOf(value) : list.indexOf(value);
    if (index === -1) break;
    list.splice(index, 1);
    removed += 1;
  }
  space.deleteEmpty(key, list.length);
  return removed;
}
