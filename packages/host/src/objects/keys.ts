import { Refusal } from "./refusal.ts";

const longest = 1_024;
const mostAtOnce = 1_000;

/** A key as UTF-8 can hold it: what a lone surrogate becomes there is what was meant. */
export function readKey(key: unknown): string {
  if (key === undefined) throw new TypeError("The key must be a string.");
  return String(key).toWellFormed();
}

export function readKeys(keys: unknown): string[] {
  if (keys === undefined) throw new TypeError("The keys must be a string or an array of strings.");
  return Array.isArray(keys) ? keys.map(readKey) : [readKey(keys)];
}

export function checkKey(key: string): string {
  if (Buffer.byteLength(key) > longest) throw new Refusal("invalidObjectName");
  return key;
}

export function checkKeys(keys: readonly string[]): void {
  if (keys.length > mostAtOnce) {
    throw new Refusal("invalidArgument", { sentence: `At most ${mostAtOnce} keys can be deleted at once.` });
  }
  keys.forEach(checkKey);
}
