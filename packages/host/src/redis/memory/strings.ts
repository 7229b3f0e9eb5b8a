import type { RedisValue } from "@trivet/platform/redis";
import { integer, pairs, sum, syntaxError } from "./arguments.ts";
import { any, at, type Commands } from "./command.ts";
import { type Keyspace, Refusal } from "./keyspace.ts";

const add = (space: Keyspace, key: string, by: number): number => {
  const entry = space.entry(key);
  const result = sum(integer(space.get(key, "string") ?? "0"), by);
  space.put(key, "string", String(result), entry?.expiresAt);
  return result;
};

export const strings: Commands = {
  GET: { arity: [1, 1], run: (space, [key = ""]) => space.get(key, "string") ?? null },
  SET: { arity: [2, any], run: set },
  GETDEL: {
    arity: [1, 1],
    run(space, [key = ""]) {
      const value = space.get(key, "string") ?? null;
      space.delete(key);
      return value;
    },
  },
  MGET: {
    arity: [1, any],
    run: (space, keys) =>
      keys.map((key) => (space.entry(key)?.type === "string" ? (space.get(key, "string") ?? null) : null)),
  },
  MSET: {
    arity: [2, any],
    run(space, args) {
      for (const [key, value] of pairs(args, "mset")) space.put(key, "string", value);
      return "OK";
    },
  },
  INCR: { arity: [1, 1], run: (space, [key = ""]) => add(space, key, 1) },
  DECR: { arity: [1, 1], run: (space, [key = ""]) => add(space, key, -1) },
  INCRBY: { arity: [2, 2], run: (space, [key = "", by]) => add(space, key, integer(by)) },
  DECRBY: { arity: [2, 2], run: (space, [key = "", by]) => add(space, key, -integer(by)) },
};

/** Milliseconds of a unit, and whether its number is a point in time. */
const lifetimes: Readonly<Record<string, readonly [unit: number, absolute: boolean]>> = {
  EX: [1_000, false],
  PX: [1, false],
  EXAT: [1_000, true],
  PXAT: [1, true],
};

interface SetOptions {
  expiresAt: number | undefined;
  flags: ReadonlySet<string>;
}

function set(space: Keyspace, args: readonly string[]): RedisValue {
  const key = at(args, 0);
  const { expiresAt, flags } = setOptions(space, args.slice(2));
  const before = space.entry(key);
  // GET answers what was there, and refuses what is no string; without it SET replaces whatever there is.
  const old = flags.has("GET") ? (space.get(key, "string") ?? null) : undefined;
  if ((flags.has("NX") && before) || (flags.has("XX") && !before)) return old ?? null;
  space.put(key, "string", at(args, 1), flags.has("KEEPTTL") ? before?.expiresAt : expiresAt);
  return old === undefined ? "OK" : old;
}

function setOptions(space: Keyspace, options: readonly string[]): SetOptions {
  const flags = new Set<string>();
  let expiresAt: number | undefined;
  for (let index = 0; index < options.length; index += 1) {
    const option = at(options, index).toUpperCase();
    const lifetime = lifetimes[option];
    if (lifetime) {
      if (expiresAt !== undefined) throw syntaxError();
      index += 1;
      expiresAt = expiry(space, options[index], lifetime);
    } else if (["NX", "XX", "KEEPTTL", "GET"].includes(option)) flags.add(option);
    else throw syntaxError();
  }
  if ((flags.has("NX") && flags.has("XX")) || (flags.has("KEEPTTL") && expiresAt !== undefined)) throw syntaxError();
  return { expiresAt, flags };
}

function expiry(space: Keyspace, text: string | undefined, [unit, absolute]: readonly [number, boolean]): number {
  if (text === undefined) throw syntaxError();
  const amount = integer(text);
  if (amount <= 0) throw new Refusal("ERR invalid expire time in 'set' command");
  return amount * unit + (absolute ? 0 : space.now());
}
