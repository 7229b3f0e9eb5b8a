/** What distinguishes one state of a file from another. */
export interface Version {
  etag: string;
  /** Milliseconds, whole seconds: the precision of an HTTP date. */
  modified: number;
}

/** RFC 9110, 13.2.2: an entity tag, where the client sent one, outweighs a date. */
export function unchanged(headers: Headers, version: Version): boolean {
  const tags = headers.get("if-none-match");
  if (tags !== null) return tags.trim() === "*" || tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === version.etag);
  const since = headers.get("if-modified-since");
  return since !== null && version.modified <= Date.parse(since);
}

export type Range = { start: number; end: number } | "unsatisfiable" | undefined;

/**
 * The one range of bytes asked for, `end` inclusive. Several ranges, other units and malformed ones are
 * passed over, which RFC 9110, 14.2 allows: the answer is then the whole file.
 */
export function requestedRange(headers: Headers, size: number, version: Version): Range {
  const match = /^bytes=(\d*)-(\d*)$/.exec(headers.get("range")?.trim() ?? "");
  const [, first = "", last = ""] = match ?? [];
  if (!match || (first === "" && last === "") || !sameVersion(headers.get("if-range"), version)) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}

const sameVersion = (ifRange: string | null, { etag, modified }: Version): boolean =>
  ifRange === null || ifRange === etag || Date.parse(ifRange) === modified;
