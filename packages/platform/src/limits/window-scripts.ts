import { defineScript, type RedisValue, type ScriptCall } from "../redis/index.ts";

/** What of the rest of a window one process may hold at a time: as much as the others may be short of it for a moment. */
const share = 16;

/**
 * Takes from the window under KEYS[1] and answers `[granted, count, milliseconds left]`. ARGV: tokens that have
 * been let through without asking, all that this process has let through, tokens needed now, tokens wanted
 * beyond, the limit, the window's length. The first that counts begins the window; without a count there is none (-1).
 * What no count of ours can be is none: it would pass for an outage to all clients, or lock one out for as long as it lasts.
 */
export const takeScript = defineScript(
  `local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'table' then
  redis.call('DEL', KEYS[1])
  stored = false
end
local count = math.max(0, tonumber(stored or '0') or 0)
local left = redis.call('PTTL', KEYS[1])
if left > tonumber(ARGV[6]) then left = -1 end
local debt, admitted, need, extra = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local base = math.max(count + debt, admitted)
local room = math.max(0, tonumber(ARGV[5]) - base)
local granted = math.min(need, room)
granted = granted + math.min(extra, math.floor((room - granted) / ${share}))
local total = base + granted
if left < 0 and total > 0 then
  left = tonumber(ARGV[6])
  redis.call('SET', KEYS[1], total, 'PX', left)
elseif total ~= count then
  redis.call('SET', KEYS[1], total, 'KEEPTTL')
end
return {granted, total, left < 0 and -1 or left}`,
  (call, [key = ""], args) => {
    const [debt = 0, admitted = 0, need = 0, extra = 0, limit = 0, window = 0] = args.map(Number);
    const count = Math.max(0, Number(storedAt(call, key) ?? "0") || 0);
    const rest = Number(call("PTTL", key));
    const left = rest > window ? -1 : rest;
    const base = Math.max(count + debt, admitted);
    const room = Math.max(0, limit - base);
    const needed = Math.min(need, room);
    const granted = needed + Math.min(extra, Math.floor((room - needed) / share));
    const total = base + granted;
    if (left < 0 && total > 0) {
      call("SET", key, String(total), "PX", String(window));
      return [granted, total, window];
    }
    if (total !== count) call("SET", key, String(total), "KEEPTTL");
    return [granted, total, left < 0 ? -1 : left];
  },
);

function storedAt(call: ScriptCall, key: string): RedisValue {
  try {
    return call("GET", key);
  } catch {
    call("DEL", key);
    return null;
  }
}

/**
 * Gives back ARGV[1] tokens that were taken and not used, and answers the count. ARGV[2] is what was left of
 * their window; a window with more than that and a second is another one, which never gave them.
 */
export const giveBackScript = defineScript(
  `local left = redis.call('PTTL', KEYS[1])
if left < 0 or left > tonumber(ARGV[2]) + 1000 then return -1 end
local count = math.max(0, tonumber(redis.call('GET', KEYS[1]) or '0') - tonumber(ARGV[1]))
redis.call('SET', KEYS[1], count, 'KEEPTTL')
return count`,
  (call, [key = ""], [tokens, rest]) => {
    const left = Number(call("PTTL", key));
    if (left < 0 || left > Number(rest) + 1_000) return -1;
    const count = Math.max(0, Number(call("GET", key) ?? "0") - Number(tokens));
    call("SET", key, String(count), "KEEPTTL");
    return count;
  },
);
