import type { RedisValue } from "@trivet/platform/redis";
import { glob, integer, syntaxError } from "./arguments.ts";
import { any, at, type Commands, type MemoryCommand } from "./command.ts";
import { type Keyspace, Refusal } from "./keyspace.ts";

const count = (keys: readonly string[], counts: (key: string) => boolean): number => keys.filter(counts).length;

/** Seconds or milliseconds left; -1 without an end, -2 without a key. */
const left = (unit: number): MemoryCommand => ({
  arity: [1, 1],
  run(space, [key = ""]) {
    const entry = space.entry(key);
    if (!entry) return -2;
    return entry.expiresAt === undefined ? -1 : Math.max(0, Math.round((entry.expiresAt - space.now()) / unit));
  },
});

const expire = (unit: number, absolute: boolean): MemoryCommand => ({
  arity: [2, 3],
  run(space, [key = "", amount, condition]) {
    const expiresAt = integer(amount) * unit + (absolute ? 0 : space.now());
    const entry = space.entry(key);
    if (!entry) return 0;
    if (condition !== undefined && !expiryMayMove(condition.toUpperCase(), entry.expiresAt, expiresAt)) return 0;
    entry.expiresAt = expiresAt;
    // A time that has passed deletes at once.
    space.entry(key);
    return 1;
  },
});

function expiryMayMove(condition: string, before: number | undefined, after: number): boolean {
  switch (condition) {
    case "NX":
      return before === undefined;
    case "XX":
      return before !== undefined;
    case "GT":
      return before !== undefined && after > before;
    case "LT":
      return before === undefined || after < before;
    default:
      throw new Refusal(`ERR Unsupported option ${condition.toLowerCase()}`);
  }
}

const remove: MemoryCommand = { arity: [1, any], run: (space, keys) => count(keys, (key) => space.delete(key)) };

export const keys: Commands = {
  DEL: remove,
  UNLINK: remove,
  EXISTS: { arity: [1, any], run: (space, names) => count(names, (key) => space.entry(key) !== undefined) },
  TYPE: { arity: [1, 1], run: (space, [key = ""]) => space.entry(key)?.type ?? "none" },
  TTL: left(1_000),
  PTTL: left(1),
  EXPIRE: expire(1_000, false),
  PEXPIRE: expire(1, false),
  EXPIREAT: expire(1_000, true),
  PEXPIREAT: expire(1, true),
  PERSIST: {
    arity: [1, 1],
    run(space, [key = ""]) {
      const entry = space.entry(key);
      if (entry?.expiresAt === undefined) return 0;
      entry.expiresAt = undefined;
      return 1;
    },
  },
  SCAN: { arity: [1, any], run: scan },
  PING: { arity: [0, 1], run: (_, [message]) => message ?? "PONG" },
  // Nobody can listen to a process's own Redis.
  PUBLISH: { arity: [2, 2], run: () => 0 },
};

/** All at once: the cursor of the first answer is the last. */
function scan(space: Keyspace, args: readonly string[]): RedisValue {
  integer(args[0]);
  let found = space.keys();
  for (let index = 1; index < args.length; index += 2) {
    const value = args[index + 1];
    const option = at(args, index).toUpperCase();
    if (value === undefined) throw syntaxError();
    if (option === "MATCH") {
      const pattern = glob(value);
      found = found.filter((key) => pattern.test(key));
    } else if (option === "TYPE") found = found.filter((key) => space.entry(key)?.type === value.toLowerCase());
    else if (option !== "COUNT" || integer(value) < 1) throw syntaxError();
  }
  return ["0", found];
}
