import { sha1 } from "../digest.ts";
import type { ExecuteOptions, RedisBinding, RedisReply, RedisValue } from "./binding.ts";
import { refusedCommand } from "./faults.ts";

/** Runs one command inside a script; a refusal is thrown, as `redis.call` does. */
export type ScriptCall = (...command: string[]) => RedisValue;

/** What the Lua does, in JavaScript, for the Redis inside a process, which runs no Lua. It may not wait for anything. */
export type ScriptTwin = (call: ScriptCall, keys: readonly string[], args: readonly string[]) => RedisValue;

/** An operation of several commands that nobody else's come in between of. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
  readonly twin: ScriptTwin;
}

const known = new Map<string, Script>();

/** Both must do the same: the conformance suite runs each on a real Redis and on the one in the process. */
export function defineScript(lua: string, twin: ScriptTwin): Script {
  const script = { lua, sha1: sha1(lua), twin };
  known.set(script.sha1, script);
  return script;
}

/** The script that has been defined with this Lua, by the digest Redis knows it by. */
export const definedScript = (digest: string): Script | undefined => known.get(digest.toLowerCase());

/** Sends the digest, and the script itself only to a Redis that has not seen it. */
export async function runScript(
  redis: RedisBinding,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
  options: ExecuteOptions,
): Promise<RedisValue> {
  const rest = [String(keys.length), ...keys, ...args.map(String)];
  const [first] = await redis.execute([["EVALSHA", script.sha1, ...rest]], options);
  const unknown = first !== undefined && "error" in first && first.error.startsWith("NOSCRIPT");
  return resultOf(unknown ? (await redis.execute([["EVAL", script.lua, ...rest]], options))[0] : first);
}

function resultOf(reply: RedisReply | undefined): RedisValue {
  if (reply === undefined) throw refusedCommand("ERR no reply");
  if ("error" in reply) throw refusedCommand(reply.error);
  return reply.result;
}
