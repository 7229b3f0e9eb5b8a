import type { BucketRange } from "@trivet/platform";
import type { ByteRange, SelectRange } from "./driver.ts";
import { Refusal } from "./refusal.ts";

/** The option `range` of `get`. */
export function readRange(range: unknown): SelectRange | undefined {
  if (range === undefined || range === null) return undefined;
  if (typeof range !== "object") throw new TypeError("The 'range' must be an object or Headers.");
  if (range instanceof Headers) {
    const header = range.get("range");
    return header === null ? undefined : (size) => headerRange(header, size);
  }
  const checked = checkRange(range);
  return (size) => objectRange(checked, size);
}

function checkRange(given: BucketRange): BucketRange {
  const checked: BucketRange = {};
  for (const name of ["offset", "length", "suffix"] as const) {
    const value: unknown = given[name];
    if (value === undefined || value === null) continue;
    const number = Number(value);
    if (!(number >= 0)) throw new RangeError(`Invalid range. The ${name} must be greater than or equal to 0.`);
    if (!Number.isInteger(number)) throw new RangeError(`Invalid range. The ${name} must be an integer.`);
    checked[name] = number;
  }
  if (checked.suffix !== undefined) {
    if (checked.offset !== undefined) throw new TypeError("Suffix is incompatible with offset.");
    if (checked.length !== undefined) throw new TypeError("Suffix is incompatible with length.");
  }
  return checked;
}

function objectRange({ offset, length, suffix }: BucketRange, size: number): ByteRange {
  const start = suffix === undefined ? (offset ?? 0) : Math.max(0, size - suffix);
  const wanted = suffix === undefined ? (length ?? size - start) : Math.min(suffix, size);
  if (wanted <= 0 || start >= size) throw new Refusal("invalidRange");
  return { offset: start, length: Math.min(wanted, size - start) };
}

/** One range that can be satisfied; anything else asks for the whole, which RFC 9110, 14.2 allows. */
function headerRange(header: string, size: number): ByteRange {
  const whole = { offset: 0, length: size };
  const [, first = "", last = ""] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header) ?? [];
  if (first === "") {
    const suffix = Math.min(Number(last), size);
    return suffix === 0 ? whole : { offset: size - suffix, length: suffix };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? whole : { offset: start, length: end - start + 1 };
}
