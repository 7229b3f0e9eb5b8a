import { integer, pairs, sum, wrongCount } from "./arguments.ts";
import { any, type Commands } from "./command.ts";
import { type Keyspace, Refusal } from "./keyspace.ts";

const read = (space: Keyspace, key: string): ReadonlyMap<string, string> => space.get(key, "hash") ?? new Map();
const open = (space: Keyspace, key: string): Map<string, string> => space.open(key, "hash", () => new Map());

export const hashes: Commands = {
  HSET: {
    arity: [3, any],
    run(space, [key = "", ...rest]) {
      const fields = pairs(rest, "hset");
      const hash = open(space, key);
      const before = hash.size;
      for (const [field, value] of fields) hash.set(field, value);
      return hash.size - before;
    },
  },
  HSETNX: {
    arity: [3, 3],
    run(space, [key = "", field = "", value = ""]) {
      const hash = open(space, key);
      if (hash.has(field)) return 0;
      hash.set(field, value);
      return 1;
    },
  },
  HGET: { arity: [2, 2], run: (space, [key = "", field = ""]) => read(space, key).get(field) ?? null },
  HMGET: {
    arity: [2, any],
    run(space, [key = "", ...fields]) {
      const hash = read(space, key);
      return fields.map((field) => hash.get(field) ?? null);
    },
  },
  HGETALL: { arity: [1, 1], run: (space, [key = ""]) => [...read(space, key)].flat() },
  HKEYS: { arity: [1, 1], run: (space, [key = ""]) => [...read(space, key).keys()] },
  HVALS: { arity: [1, 1], run: (space, [key = ""]) => [...read(space, key).values()] },
  HLEN: { arity: [1, 1], run: (space, [key = ""]) => read(space, key).size },
  HEXISTS: { arity: [2, 2], run: (space, [key = "", field = ""]) => (read(space, key).has(field) ? 1 : 0) },
  HDEL: {
    arity: [2, any],
    run(space, [key = "", ...fields]) {
      const hash = space.get(key, "hash");
      if (!hash) return 0;
      const removed = fields.filter((field) => hash.delete(field)).length;
      space.deleteEmpty(key, hash.size);
      return removed;
    },
  },
  HINCRBY: {
    arity: [3, 3],
    run(space, [key = "", field = "", by]) {
      if (by === undefined) throw wrongCount("hincrby");
      const step = integer(by);
      const before = read(space, key).get(field) ?? "0";
      if (!/^-?\d+$/.test(before)) throw new Refusal("ERR hash value is not an integer");
      const result = sum(Number(before), step);
      open(space, key).set(field, String(result));
      return result;
    },
  },
};
