import { Refusal } from "./keyspace.ts";

export const syntaxError = (): Refusal => new Refusal("ERR syntax error");

const largest = 2n ** 63n - 1n;

/** A whole number of 64 bits, as far as JavaScript holds it exactly. */
export function integer(text: string | undefined): number {
  if (text === undefined || !/^(?:0|-?[1-9]\d*)$/.test(text)) throw notAnInteger();
  const value = BigInt(text);
  if (value > largest || value < -largest - 1n) throw notAnInteger();
  return Number(value);
}

const notAnInteger = (): Refusal => new Refusal("ERR value is not an integer or out of range");

/** The sum, refused where 64 bits end; beyond 2^53 JavaScript's numbers end first. */
export function sum(a: number, b: number): number {
  const result = a + b;
  if (!Number.isSafeInteger(result)) throw new Refusal("ERR increment or decrement would overflow");
  return result;
}

/** A score: a number, or an infinity. */
export function float(text: string | undefined): number {
  const infinite = /^([+-])?inf(?:inity)?$/i.exec(text ?? "");
  if (infinite) return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (text === undefined || text.trim() !== text || text === "" || Number.isNaN(value))
    throw new Refusal("ERR value is not a valid float");
  return value;
}

/** A score as Redis writes it. */
export function scoreText(score: number): string {
  if (score === Number.POSITIVE_INFINITY) return "inf";
  return score === Number.NEGATIVE_INFINITY ? "-inf" : String(score);
}

/** The positions from `start` to `stop`, both included and counted from the end where negative. */
export function range(start: number, stop: number, length: number): [from: number, to: number] {
  const from = start < 0 ? Math.max(0, length + start) : start;
  const to = stop < 0 ? length + stop + 1 : Math.min(length, stop + 1);
  return [from, Math.max(from, to)];
}

/** Redis's glob patterns as an expression: `*`, `?`, `[a-c]`, `[^a]`, and `\` before what is meant literally. */
export function glob(pattern: string): RegExp {
  const parts = pattern.match(/\\.|\[(?:\\.|[^\]\\])*\]|[\s\S]/gu) ?? [];
  const source = parts.map((part) => {
    if (part === "*") return "[\\s\\S]*";
    if (part === "?") return "[\\s\\S]";
    if (part.length > 1 && part.startsWith("[")) return part;
    return (part.length > 1 && part.startsWith("\\") ? part.slice(1) : part).replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
  });
  return new RegExp(`^${source.join("")}$`, "u");
}

/** `[a, 1, b, 2]` in twos; an odd number of them is refused. */
export function pairs(parts: readonly string[], command: string): [string, string][] {
  if (parts.length === 0 || parts.length % 2 === 1) throw wrongCount(command);
  return Array.from({ length: parts.length / 2 }, (_, index) => [parts[2 * index] ?? "", parts[2 * index + 1] ?? ""]);
}

export const wrongCount = (command: string): Refusal =>
  new Refusal(`ERR wrong number of arguments for '${command.toLowerCase()}' command`);
