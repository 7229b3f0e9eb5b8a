/** W3C Trace Context (https://www.w3.org/TR/trace-context/): where a request belongs in a trace. */
export interface TraceContext {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits: this hop's own span. */
  spanId: string;
  /** The span of whoever called, if there was one. */
  parentId: string | undefined;
  sampled: boolean;
  /** Other vendors' `tracestate`, passed on as it came. */
  state: string | undefined;
}

const traceparent = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const tracestateLimit = 512;
const tracestateMembers = 32;
const tracestateMember =
  /^((?:[a-z]|[a-z\d][\w*/-]{0,240}@[a-z])[a-z\d_*/-]*)=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * Continues the caller's trace in a new span; anything malformed starts a new trace instead, of which `part` are
 * sampled.
 */
export function continueTrace(headers: Headers, part = 1): TraceContext {
  const parent = headers.get("traceparent");
  const match = parent === null ? null : traceparent.exec(parent);
  if (!match) return newTrace(part);
  const [, version, traceId = "", parentId = "", flags = "00", rest] = match;
  const invalid =
    version === "ff" || (version === "00" && rest !== undefined) || /^0+$/.test(traceId) || /^0+$/.test(parentId);
  if (invalid) return newTrace(part);
  return {
    traceId,
    spanId: newId(16),
    parentId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    state: readableState(headers.get("tracestate")),
  };
}

/** Section 3.3.1: a list that cannot be parsed is dropped as a whole; one that can is passed on untouched. */
function readableState(state: string | null): string | undefined {
  if (state === null || state === "" || state.length > tracestateLimit) return undefined;
  const members = state
    .split(",")
    .map((member) => member.trim())
    .filter(Boolean);
  const keys = members.map((member) => tracestateMember.exec(member)?.[1]);
  const valid = !keys.includes(undefined) && new Set(keys).size === keys.length && keys.length <= tracestateMembers;
  return valid && keys.length > 0 ? state : undefined;
}

/** A trace that begins here. `part` of all such traces are sampled, from 0 to 1. */
export function newTrace(part = 1): TraceContext {
  const traceId = newId(32);
  return { traceId, spanId: newId(16), parentId: undefined, sampled: isSampled(traceId, part), state: undefined };
}

/** A piece of the same work with a span of its own. */
export const childOf = (trace: TraceContext): TraceContext => ({
  ...trace,
  spanId: newId(16),
  parentId: trace.spanId,
});

/**
 * Whether a trace is of the part that is told of, from 0 to 1. It is read from the trace's id, whose end is random (W3C
 * Trace Context 2, 3.2.2.3), so that all who take part in it come to the same answer.
 */
export const isSampled = (traceId: string, part: number): boolean =>
  Number.parseInt(traceId.slice(-8), 16) < part * 2 ** 32;

/** Writes the headers by which the next hop becomes a child of `trace`. */
export function propagateTrace(trace: TraceContext, headers: Headers): void {
  headers.set("traceparent", `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`);
  if (trace.state === undefined) headers.delete("tracestate");
  else headers.set("tracestate", trace.state);
}

const poolBytes = 2_048;
let pool = "";
let used = 0;

/** From a pool of hex digits: asking for randomness costs about as much for 2048 bytes as for eight. */
function newId(digits: number): string {
  if (used + digits > pool.length) {
    pool = Array.from(crypto.getRandomValues(new Uint8Array(poolBytes)), hexOf).join("");
    used = 0;
  }
  used += digits;
  return pool.slice(used - digits, used);
}

const hexOf = (byte: number): string => byte.toString(16).padStart(2, "0");
