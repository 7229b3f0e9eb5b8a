import { beginSpan, endHop, isSampled, newTrace, type Span, TrivetError } from "@trivet/platform";
import { parseHeaders, postSpans, tracesUrl } from "@trivet/platform/spans";
import { startCollector } from "@trivet/testing/traces";
import { describe, expect, test } from "vitest";
import { invocationOf } from "./invocation.ts";

const trace = {
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId: "00f067aa0ba902b7",
  parentId: "b7ad6b7169203331",
  sampled: true,
  state: "rojo=00f067aa0ba902b7,congo=t61",
};

const spanOf = (changes: Partial<Span> = {}): Span => ({
  service: "users",
  name: "GET /users/{id}",
  kind: "server",
  trace,
  startedAt: 1_763_600_000_123.25,
  endedAt: 1_763_600_000_125.5,
  attributes: { "http.route": "/users/{id}", "http.response.status_code": 200 },
  fault: undefined,
  ...changes,
});

/** An invocation whose spans are kept to be looked at. */
function traced(changes: Parameters<typeof invocationOf>[1] = {}) {
  const spans: Span[] = [];
  return {
    spans,
    invocation: invocationOf("users", { spans: { take: (span) => spans.push(span) }, trace, ...changes }),
  };
}

describe("a collector is sent", () => {
  test("each span with its place in the trace, its times to the nanosecond and its service", async () => {
    await using collector = await startCollector();
    const headers = { authorization: "Bearer abc" };
    await postSpans({ url: tracesUrl(collector.url), headers }, [
      spanOf(),
      spanOf({ service: "auth", kind: "client" }),
    ]);
    expect(collector.headers).toEqual([
      expect.objectContaining({ authorization: "Bearer abc", "content-type": "application/json" }),
    ]);
    expect(collector.spans).toEqual([
      {
        service: "users",
        traceId: trace.traceId,
        spanId: trace.spanId,
        parentSpanId: trace.parentId,
        traceState: trace.state,
        name: "GET /users/{id}",
        kind: "server",
        startTimeUnixNano: 1_763_600_000_123_250_000n,
        endTimeUnixNano: 1_763_600_000_125_500_000n,
        attributes: { "http.route": "/users/{id}", "http.response.status_code": 200 },
        links: [],
        status: { code: 0 },
      },
      expect.objectContaining({ service: "auth", kind: "client" }),
    ]);
  });

  test("that a span failed, and by what; a trace that begins here has no parent", async () => {
    await using collector = await startCollector();
    const begun = { ...trace, parentId: undefined, state: undefined };
    await postSpans({ url: tracesUrl(collector.url), headers: {} }, [spanOf({ trace: begun, fault: "unavailable" })]);
    const [span] = collector.spans;
    expect(span).toMatchObject({ status: { code: 2, message: "unavailable" } });
    expect(span).not.toHaveProperty("parentSpanId");
    expect(span).not.toHaveProperty("traceState");
  });

  test("nothing that it does not take without whoever sends it being told", async () => {
    await using collector = await startCollector();
    collector.status = 503;
    await expect(postSpans({ url: tracesUrl(collector.url), headers: {} }, [spanOf()])).rejects.toThrow("503");
  });
});

describe("OTEL_EXPORTER_OTLP_ENDPOINT", () => {
  test.each(["http://collector:4318", "http://collector:4318/"])("%s is where /v1/traces lies", (endpoint) => {
    expect(tracesUrl(endpoint)).toBe("http://collector:4318/v1/traces");
  });
});

describe("OTEL_EXPORTER_OTLP_HEADERS", () => {
  test.each([
    ["", {}],
    ["authorization=Bearer%20abc", { authorization: "Bearer abc" }],
    [" X-Team = 7 , api-key=a=b,", { "x-team": "7", "api-key": "a=b" }],
  ])("%j is read", (given, headers) => {
    expect(parseHeaders(given)).toEqual(headers);
  });

  test.each(["authorization", "a b=c", "=c", "a=%zz"])("%j is refused", (given) => {
    expect(parseHeaders(given)).toBeUndefined();
  });
});

describe("a part of the work", () => {
  test("has a span below the invocation's, which the next hop continues", () => {
    const { spans, invocation } = traced();
    const span = beginSpan(invocation, "client", "GET /auth/internal/accounts/{id}");
    expect(span.trace).toMatchObject({ traceId: trace.traceId, parentId: trace.spanId, state: trace.state });
    expect(span.trace.spanId).not.toBe(trace.spanId);
    expect(spans).toEqual([]);
    span.end({ "server.address": "auth" });
    expect(spans).toEqual([
      expect.objectContaining({ service: "users", kind: "client", trace: span.trace, fault: undefined }),
    ]);
    expect(spans[0]?.endedAt).toBeGreaterThanOrEqual(spans[0]?.startedAt ?? Number.POSITIVE_INFINITY);
  });

  test.each([
    ["nobody collects", { spans: undefined }],
    ["the trace is not sampled", { trace: { ...trace, sampled: false } }],
  ])("has none where %s: the next hop continues the invocation's", (_, changes) => {
    const { spans, invocation } = traced(changes);
    const span = beginSpan(invocation, "client", "anything");
    span.end();
    expect(span.trace).toBe(invocation.trace);
    expect(spans).toEqual([]);
  });

  test.each([
    ["an answer", new Response(null, { status: 204 }), { "http.response.status_code": 204 }, undefined],
    [
      "a refusal",
      new Response(null, { status: 409 }),
      { "http.response.status_code": 409, "error.type": "409" },
      "409",
    ],
    [
      "an error of ours",
      new TrivetError("deadline_exceeded"),
      { "error.type": "deadline_exceeded" },
      "deadline_exceeded",
    ],
    ["any other error", new TypeError("secret-of-the-body"), { "error.type": "TypeError" }, "TypeError"],
  ])("ends by what came of it: %s", (_, outcome, attributes, fault) => {
    const { spans, invocation } = traced();
    const hop = { method: "GET", service: "auth", attempt: 2 };
    endHop(beginSpan(invocation, "client", "GET auth"), hop, outcome);
    expect(spans).toEqual([
      expect.objectContaining({
        attributes: {
          "http.request.method": "GET",
          "server.address": "auth",
          "http.request.resend_count": 1,
          ...attributes,
        },
        fault,
      }),
    ]);
  });
});

describe("sampling", () => {
  test("of a trace is the same for all who take part in it, and no larger than asked for", () => {
    const traces = Array.from({ length: 4_000 }, () => newTrace(0.25));
    const sampled = traces.filter((one) => one.sampled);
    expect(sampled.every(({ traceId }) => isSampled(traceId, 0.25) && isSampled(traceId, 0.5))).toBe(true);
    // Five standard deviations of a fair draw lie within 137 of 1,000.
    expect(Math.abs(sampled.length - 1_000)).toBeLessThan(137);
  });

  test.each([
    [0, false],
    [1, true],
  ])("of %s of all traces is what it says", (part, expected) => {
    expect(Array.from({ length: 100 }, () => newTrace(part).sampled)).toEqual(Array(100).fill(expected));
  });
});
