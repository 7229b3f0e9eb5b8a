export type { ExecuteOptions, RedisBinding, RedisCommand, RedisReply, RedisValue } from "./binding.ts";
export { type Redis, redisClient } from "./client.ts";
export { refusedCommand, unreachableRedis } from "./faults.ts";
export { openRedis, type RedisEnv, redisBinding } from "./open.ts";
export { readStored } from "./read-stored.ts";
export { restBinding } from "./rest.ts";
export { definedScript, defineScript, runScript, type Script, type ScriptCall, type ScriptTwin } from "./script.ts";
