import type { RedisValue } from "@trivet/platform/redis";
import type { Keyspace } from "./keyspace.ts";

/** A command over the keyspace: what follows its name, and the answer. Throws a Refusal before it changes anything. */
export interface MemoryCommand {
  /** Fewest and most arguments. */
  arity: readonly [fewest: number, most: number];
  run(space: Keyspace, args: readonly string[]): RedisValue;
}

export type Commands = Readonly<Record<string, MemoryCommand>>;

export const any: number = Number.POSITIVE_INFINITY;

/** As `args[index]`, of an argument that the arity promises. */
export const at = (args: readonly string[], index: number): string => args[index] ?? "";
