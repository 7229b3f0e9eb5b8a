import type { BucketCondition } from "@trivet/platform";
import type { Holds, StoredObject } from "./driver.ts";

type Tag = { any: true } | { any: false; etag: string; weak: boolean };

interface Condition {
  matches: readonly Tag[] | undefined;
  differs: readonly Tag[] | undefined;
  before: number | undefined;
  after: number | undefined;
  wholeSeconds: boolean;
}

/** The option `onlyIf` of `get` and `put`. */
export function readCondition(onlyIf: unknown): Holds | undefined {
  if (onlyIf === undefined || onlyIf === null) return undefined;
  if (typeof onlyIf !== "object") throw new TypeError("The 'onlyIf' must be an object or Headers.");
  const condition = onlyIf instanceof Headers ? ofHeaders(onlyIf) : ofObject(onlyIf);
  return (current) => holds(condition, current);
}

function ofObject(given: BucketCondition): Condition {
  return {
    matches: tagOf(given.etagMatches),
    differs: tagOf(given.etagDoesNotMatch),
    before: timeOf(given.uploadedBefore, "uploadedBefore"),
    after: timeOf(given.uploadedAfter, "uploadedAfter"),
    wholeSeconds: given.secondsGranularity ?? false,
  };
}

function tagOf(given: unknown): Tag[] | undefined {
  if (given === undefined || given === null) return undefined;
  const etag = String(given);
  if (/^".*"$/.test(etag)) throw new TypeError(`Conditional ETag should not be wrapped in quotes (${etag}).`);
  return [etag === "*" ? { any: true } : { any: false, etag, weak: false }];
}

function timeOf(given: unknown, name: string): number | undefined {
  if (given === undefined || given === null) return undefined;
  const time = given instanceof Date ? given.getTime() : Number.NaN;
  if (Number.isNaN(time)) throw new TypeError(`The '${name}' must be a valid Date.`);
  return time;
}

const ofHeaders = (headers: Headers): Condition => ({
  matches: tagsIn(headers, "if-match"),
  differs: tagsIn(headers, "if-none-match"),
  before: timeIn(headers, "if-unmodified-since"),
  after: timeIn(headers, "if-modified-since"),
  wholeSeconds: true,
});

function tagsIn(headers: Headers, name: string): Tag[] | undefined {
  const given = headers.get(name);
  if (given === null) return undefined;
  const tags: Tag[] = [];
  // Commas may stand inside an entity tag, and list elements may be empty.
  const element = /\s*(?:(?<any>\*)|(?<weak>W\/)?"(?<etag>[^"]*)"|)\s*(?:,|$)/y;
  while (element.lastIndex < given.length) {
    const groups = element.exec(given)?.groups;
    if (groups === undefined) throw new Error(`Invalid ETag in ${name} header`);
    if (groups.any !== undefined) tags.push({ any: true });
    if (groups.etag !== undefined) tags.push({ any: false, etag: groups.etag, weak: groups.weak !== undefined });
  }
  return tags;
}

/** RFC 9110, 13.1.3: a date that is none is passed over. */
function timeIn(headers: Headers, name: string): number | undefined {
  const time = Date.parse(headers.get(name) ?? "");
  return Number.isNaN(time) ? undefined : time;
}

/** RFC 9110, 13.2.2, for both kinds: where a tag decides, the date beside it does not count. */
function holds({ matches, differs, before, after, wholeSeconds }: Condition, current: StoredObject | undefined) {
  if (current === undefined) return matches === undefined && after === undefined;
  const moment = (time: number): number => (wholeSeconds ? Math.floor(time / 1_000) : time);
  const uploaded = moment(current.uploaded);
  const matched = matches?.some((tag) => tag.any || (!tag.weak && tag.etag === current.etag));
  const differed = differs?.every((tag) => !tag.any && tag.etag !== current.etag);
  if (matched === false || differed === false) return false;
  if (after !== undefined && differed !== true && uploaded <= moment(after)) return false;
  return before === undefined || matched === true || uploaded < moment(before);
}
