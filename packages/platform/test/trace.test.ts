import { continueTrace, newTrace, propagateTrace } from "@trivet/platform";
import { describe, expect, test } from "vitest";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";
const zeros = "0".repeat(32);

describe("continueTrace", () => {
  test.each([
    ["a sampled parent", `00-${traceId}-${parentId}-01`, true],
    ["a parent that is not sampled", `00-${traceId}-${parentId}-00`, false],
    ["flags that are not known yet", `00-${traceId}-${parentId}-ff`, true],
    ["a future version", `cc-${traceId}-${parentId}-01`, true],
    ["a future version with more fields", `cc-${traceId}-${parentId}-01-what-follows`, true],
  ])("continues %s in a span of its own", (_, traceparent, sampled) => {
    const trace = continueTrace(new Headers({ traceparent }));
    expect(trace).toMatchObject({ traceId, parentId, sampled });
    expect(trace.spanId).toMatch(/^[\da-f]{16}$/);
    expect(trace.spanId).not.toBe(parentId);
  });

  test.each([
    ["no header", undefined],
    ["an empty header", ""],
    ["another form", "something else"],
    ["version ff", `ff-${traceId}-${parentId}-01`],
    ["a trace id of zeros", `00-${zeros}-${parentId}-01`],
    ["a span id of zeros", `00-${traceId}-${zeros.slice(16)}-01`],
    ["a short trace id", `00-${traceId.slice(1)}-${parentId}-01`],
    ["a long span id", `00-${traceId}-${parentId}0-01`],
    ["upper case", `00-${traceId.toUpperCase()}-${parentId}-01`],
    ["letters that are not hex", `00-${traceId.replace("4", "g")}-${parentId}-01`],
    ["version 00 with more fields", `00-${traceId}-${parentId}-01-more`],
    ["a future version with something glued on", `cc-${traceId}-${parentId}-01.more`],
    ["no flags", `00-${traceId}-${parentId}`],
    ["two parents", `00-${traceId}-${parentId}-01, 00-${traceId}-${parentId}-01`],
  ])("starts a new trace for %s", (_, traceparent) => {
    const trace = continueTrace(new Headers(traceparent === undefined ? {} : { traceparent, tracestate: "a=1" }));
    expect(trace.traceId).toMatch(/^(?!0+$)[\da-f]{32}$/);
    expect(trace.traceId).not.toBe(traceId);
    expect(trace).toMatchObject({ parentId: undefined, sampled: true, state: undefined });
  });

  test.each([
    ["one vendor", "congo=t61rcWkgMzE"],
    ["many vendors", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"],
    ["a tenant's key", "fw529a3039@dt=FfAAAABbAAAAAAJZ"],
    ["blanks between members", "rojo=1 ,\tcongo=2"],
  ])("passes the state of %s on as it came", (_, tracestate) => {
    const headers = new Headers({ traceparent: `00-${traceId}-${parentId}-01`, tracestate });
    expect(continueTrace(headers).state).toBe(tracestate);
  });

  test.each([
    ["an empty state", ""],
    ["a state without a value", "rojo"],
    ["a key in upper case", "Rojo=1"],
    ["a repeated key", "rojo=1,rojo=2"],
    ["more than 32 members", Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(",")],
    ["more than 512 characters", `rojo=${"a".repeat(256)},congo=${"b".repeat(256)}`],
  ])("drops %s and keeps the trace", (_, tracestate) => {
    const headers = new Headers({ traceparent: `00-${traceId}-${parentId}-01`, tracestate });
    expect(continueTrace(headers)).toMatchObject({ traceId, parentId, state: undefined });
  });
});

describe("propagateTrace", () => {
  test("the next hop becomes a child of this span", () => {
    const headers = new Headers({ traceparent: "stale", tracestate: "stale=1" });
    const trace = { ...newTrace(), sampled: false, state: "rojo=1" };
    propagateTrace(trace, headers);
    expect(continueTrace(headers)).toMatchObject({
      traceId: trace.traceId,
      parentId: trace.spanId,
      sampled: false,
      state: "rojo=1",
    });
  });

  test("no state is passed on where there is none", () => {
    const headers = new Headers({ tracestate: "stale=1" });
    propagateTrace(newTrace(), headers);
    expect(headers.has("tracestate")).toBe(false);
  });
});
