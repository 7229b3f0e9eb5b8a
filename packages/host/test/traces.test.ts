import { newTrace, type Span } from "@trivet/platform";
import { startCollector } from "@trivet/testing/traces";
import { describe, expect, test } from "vitest";
import type { Source } from "../src/config/index.ts";
import { chooseSpans, spanFaults } from "../src/traces/index.ts";

const spanOf = (name: string): Span => ({
  ...{ service: "users", name, kind: "server", trace: newTrace(), attributes: {}, fault: undefined },
  ...{ startedAt: Date.now() - 5, endedAt: Date.now() },
});

const sourceOf = (variables: Record<string, string>): Source => ({
  read: (name) => variables[name],
  given: () => [],
  faults: new Map(),
});

/** Chooses by these variables, as a process does; `close` is what the end of the process does. */
async function choose(variables: Record<string, string>) {
  const closers: (() => Promise<void>)[] = [];
  const spans = await chooseSpans(sourceOf(variables), (open, close) => {
    const resource = open();
    closers.push(() => close(resource));
    return resource;
  });
  return { spans, close: () => Promise.all(closers.map((closer) => closer())) };
}

describe("the spans of a process", () => {
  test("go to the collector in batches, and none is lost when the process ends", async () => {
    await using collector = await startCollector();
    const { spans, close } = await choose({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc",
    });
    const names = Array.from({ length: 1_000 }, (_, index) => `GET /${index}`);
    for (const name of names) spans?.take(spanOf(name));
    await close();
    expect(collector.spans.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    expect(collector.headers.length).toBeLessThan(10);
    expect(collector.headers[0]).toMatchObject({ authorization: "Bearer abc" });
  });

  test("hold up neither the work nor the end where the collector is gone", async () => {
    const collector = await startCollector();
    await collector[Symbol.asyncDispose]();
    const { spans, close } = await choose({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    for (let index = 0; index < 20_000; index += 1) spans?.take(spanOf("GET /"));
    await close();
  });

  test("go nowhere where no collector is named", async () => {
    expect((await choose({})).spans).toBeUndefined();
    expect(spanFaults(sourceOf({}))).toEqual([]);
  });
});

describe("what cannot be a collector is a fault that repeats nothing of it", () => {
  test.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, ["OTEL_EXPORTER_OTLP_ENDPOINT"]],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "grpc://s3cret" }, ["OTEL_EXPORTER_OTLP_ENDPOINT"]],
    [
      { OTEL_EXPORTER_OTLP_ENDPOINT: "s3cret", OTEL_EXPORTER_OTLP_HEADERS: "s3cret" },
      ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"],
    ],
  ])("%j", async (variables, names) => {
    const faults = spanFaults(sourceOf(variables));
    expect((await choose(variables)).spans).toBeUndefined();
    expect(faults.map((fault) => fault.split(" ")[0])).toEqual(names);
    expect(faults.join()).not.toContain("s3cret");
  });
});
