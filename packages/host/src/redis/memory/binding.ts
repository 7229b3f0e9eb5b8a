import { createHash } from "node:crypto";
import type { RedisBinding, RedisCommand, RedisReply, RedisValue } from "@trivet/platform/redis";
import { refusedCommand } from "@trivet/platform/redis";
import { wrongCount } from "./arguments.ts";
import type { Commands, MemoryCommand } from "./command.ts";
import { hashes } from "./hashes.ts";
import { keys } from "./keys.ts";
import { Keyspace, Refusal } from "./keyspace.ts";
import { lists } from "./lists.ts";
import { Scripts } from "./scripts.ts";
import { sets } from "./sets.ts";
import { sortedSets } from "./sorted-sets.ts";
import { strings } from "./strings.ts";

const commands = new Map<string, MemoryCommand>(
  [strings, keys, hashes, lists, sets, sortedSets].flatMap((some: Commands) => Object.entries(some)),
);

const digestOf = (text: string): string => createHash("sha1").update(text).digest("hex");

/**
 * A Redis of this process's own, for when none is configured: its data ends with the process, and other
 * processes have other data. Commands run to their end one after the other, as in Redis.
 */
export function memoryBinding(now?: () => number): RedisBinding {
  const space = new Keyspace(now);
  const scripts = new Scripts();
  const run = ([name = "", ...args]: RedisCommand): RedisValue => {
    switch (name.toUpperCase()) {
      case "EVAL":
        return scripts.eval(digestOf, args, run);
      case "EVALSHA":
        return scripts.evalSha(args, run);
      case "SCRIPT":
        return scripts.script(digestOf, args);
      default:
        return commandOf(name, args).run(space, args);
    }
  };
  return {
    shared: false,
    execute: async (batch, { atomic = false }) => {
      if (atomic) refuseUnknown(batch);
      return batch.map((command) => replyOf(() => run(command)));
    },
  };
}

function replyOf(run: () => RedisValue): RedisReply {
  try {
    return { result: run() };
  } catch (error) {
    if (error instanceof Refusal) return { error: error.message };
    throw error;
  }
}

function commandOf(name: string, args: readonly string[]): MemoryCommand {
  const command = commands.get(name.toUpperCase());
  const refusal = refusalOf(name, args);
  if (refusal || !command) throw refusal;
  return command;
}

function refusalOf(name: string, args: readonly string[]): Refusal | undefined {
  const command = commands.get(name.toUpperCase());
  if (!command) return new Refusal(`ERR unknown command '${name}', with args beginning with: `);
  return args.length < command.arity[0] || args.length > command.arity[1] ? wrongCount(name) : undefined;
}

const scripted = new Set(["EVAL", "EVALSHA", "SCRIPT"]);

/** A transaction in which Redis does not know a command is not carried out at all. */
function refuseUnknown(batch: readonly RedisCommand[]): void {
  const unknown = batch.some(([name = "", ...args]) => !scripted.has(name.toUpperCase()) && refusalOf(name, args));
  if (unknown) throw refusedCommand("EXECABORT Transaction discarded because of previous errors.");
}
