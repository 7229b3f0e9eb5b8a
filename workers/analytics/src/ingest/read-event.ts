import { maxDepth, maxMembers, maxName, maxText } from "../schemas.ts";

/** An event as it was sent, checked. */
export interface SentEvent {
  name: string;
  properties: object;
  /** When it happened, in Unix milliseconds; undefined where the sender leaves that to us. */
  at: number | undefined;
  /** The sender's own name for this event. */
  id: string | undefined;
  /** Whose event it is, as a service says. */
  userId: string | undefined;
}

/** What is wrong with one event: an RFC 6901 pointer into it, and what was expected there. */
export interface EventFault {
  pointer: string;
  message: string;
}

/** Later than this is a clock that is wrong; up to it, one that is not quite right. */
const skew = 5 * 60_000;
/** How long an application may have been offline. Repeats are known for longer: `queries/seen-events.ts`. */
export const oldest = 7 * 24 * 60 * 60_000;

const uuid = /^[\da-f]{8}-[\da-f]{4}-[1-8][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;
const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;
const none: object = Object.freeze({});

/**
 * Checks one event by hand, as a thousand come in one request: a schema that checks the same costs six times as much
 * (docs/decisions). Strings are known to be storable: the reader of the body has refused what is not.
 */
export function readEvent(value: unknown, now: number, fromService: boolean): SentEvent | EventFault {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fault("", "must be an object");
  const event: SentEvent = { name: "", properties: none, at: undefined, id: undefined, userId: undefined };
  for (const field of Object.keys(value)) {
    const wrong = takeField(event, field, Reflect.get(value, field), now, fromService);
    if (wrong !== undefined) return wrong;
  }
  return event.name === "" ? fault("/name", `must be a string of 1 to ${maxName} characters`) : event;
}

export const isFault = (read: SentEvent | EventFault): read is EventFault => "pointer" in read;

function takeField(
  event: SentEvent,
  field: string,
  part: unknown,
  now: number,
  fromService: boolean,
): EventFault | undefined {
  if (field === "name") {
    if (typeof part !== "string" || part.length === 0 || part.length > maxName) return undefined;
    event.name = part;
    return undefined;
  }
  if (field === "properties") {
    if (typeof part !== "object" || part === null || Array.isArray(part)) {
      return fault("/properties", "must be an object");
    }
    event.properties = part;
    return propertiesFault(part);
  }
  if (field === "timestamp") return takeTime(event, part, now);
  if (field === "id") {
    if (typeof part !== "string" || part.length === 0 || part.length > maxName) {
      return fault("/id", `must be a string of 1 to ${maxName} characters`);
    }
    event.id = part;
    return undefined;
  }
  if (field === "userId" && fromService) {
    if (typeof part !== "string" || !uuid.test(part)) return fault("/userId", "must be a UUID");
    event.userId = part.toLowerCase();
    return undefined;
  }
  return fault(`/${segment(field)}`, "is not a known field");
}

function takeTime(event: SentEvent, part: unknown, now: number): EventFault | undefined {
  const at = typeof part === "string" && dateTime.test(part) ? Date.parse(part) : Number.NaN;
  if (Number.isNaN(at)) {
    return fault("/timestamp", "must be an ISO 8601 time with its zone, such as 2026-01-31T12:00:00Z");
  }
  if (at > now + skew) return fault("/timestamp", "lies in the future by more than five minutes");
  if (at < now - oldest) return fault("/timestamp", "lies more than seven days back");
  event.at = Math.min(at, now);
  return undefined;
}

function propertiesFault(properties: object): EventFault | undefined {
  const members = countMembers(properties, 1);
  if (members <= maxMembers) return undefined;
  return fault(
    "/properties",
    `must have at most ${maxMembers} members in all and ${maxDepth} levels, names of 1 to ${maxName} and strings of up to ${maxText} characters`,
  );
}

/** How many members an object and what is in it have; more than any may have where another bound is passed. */
function countMembers(value: object, depth: number): number {
  if (depth > maxDepth) return tooMany;
  let members = 0;
  if (Array.isArray(value)) {
    for (const part of value) members += 1 + countPart(part, depth);
    return members;
  }
  for (const key of Object.keys(value)) {
    if (key.length === 0 || key.length > maxName) return tooMany;
    members += 1 + countPart(Reflect.get(value, key), depth);
  }
  return members;
}

const tooMany = Number.POSITIVE_INFINITY;

function countPart(part: unknown, depth: number): number {
  if (typeof part === "string") return part.length > maxText ? tooMany : 0;
  return typeof part === "object" && part !== null ? countMembers(part, depth + 1) : 0;
}

const fault = (pointer: string, message: string): EventFault => ({ pointer, message });

const segment = (field: string): string => field.replaceAll("~", "~0").replaceAll("/", "~1").slice(0, maxName);
