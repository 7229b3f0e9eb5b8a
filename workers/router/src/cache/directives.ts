/** The directives of a `Cache-Control`, by their names in lower case; one without a value is the empty string. */
export type Directives = ReadonlyMap<string, string>;

const none: Directives = new Map();
/** A name, and perhaps a token or a quoted string (RFC 9111, 5.2): a comma inside quotes ends nothing. */
const directive = /([^\s=,;"]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?/g;

/** Reads a `Cache-Control`. Of a directive that comes twice the smaller value counts: the shorter time is the safer one. */
export function directivesOf(header: string | null): Directives {
  if (header === null || header === "") return none;
  const found = new Map<string, string>();
  for (const [, name = "", quoted, token] of header.matchAll(directive)) {
    const key = name.toLowerCase();
    const value = quoted ?? token ?? "";
    const known = found.get(key);
    found.set(key, known === undefined || secondsIn(value) < secondsIn(known) ? value : known);
  }
  return found;
}

/** A directive's seconds; undefined where it is not there, 0 where it is no number (RFC 9111, 4.2.1: then it is stale). */
export const secondsOf = (directives: Directives, name: string): number | undefined => {
  const value = directives.get(name);
  return value === undefined ? undefined : secondsIn(value);
};

/** As many as 31 bits hold, as RFC 9111, 1.2.2 asks. */
const longest = 2_147_483_648;
const secondsIn = (value: string): number => (/^\d+$/.test(value) ? Math.min(Number(value), longest) : 0);
