import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { z } from "zod";

const attribute = z.object({
  key: z.string(),
  value: z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ intValue: z.union([z.int(), z.string()]) }),
    z.strictObject({ doubleValue: z.number() }),
  ]),
});
const attributes = z
  .array(attribute)
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])));

const spanKinds = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;

const hex = (digits: number) => z.string().regex(new RegExp(`^[\\da-f]{${digits}}$`));
const nanoseconds = z
  .string()
  .regex(/^\d{19}$/)
  .transform(BigInt);

/** OTLP's JSON form (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), as far as spans need it. */
const traces = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(
        z.object({
          spans: z.array(
            z.object({
              traceId: hex(32),
              spanId: hex(16),
              parentSpanId: hex(16).optional(),
              traceState: z.string().optional(),
              name: z.string().min(1),
              kind: z.int().transform((kind) => spanKinds[kind]),
              startTimeUnixNano: nanoseconds,
              endTimeUnixNano: nanoseconds,
              attributes,
              links: z.array(z.object({ traceId: hex(32), spanId: hex(16) })).default([]),
              status: z.object({ code: z.int(), message: z.string().optional() }),
            }),
          ),
        }),
      ),
    }),
  ),
});

type Traces = z.output<typeof traces>;

/** A span as a collector got it, with the service that sent it. */
export type CollectedSpan = Traces["resourceSpans"][number]["scopeSpans"][number]["spans"][number] & {
  service: unknown;
};

/** A collector of traces that speaks OTLP over HTTP, on a port of its own. */
export interface Collector extends AsyncDisposable {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  spans: CollectedSpan[];
  /** What came with each request. */
  headers: NodeJS.Dict<string | string[]>[];
  /** What it answers with, from now on. */
  status: number;
}

export async function startCollector(): Promise<Collector> {
  const server = createServer(async (request, response) => {
    const body = await json(request);
    if (request.url === "/v1/traces" && collector.status < 300) {
      collector.headers.push(request.headers);
      collector.spans.push(...spansOf(traces.parse(body)));
    }
    response.writeHead(collector.status, { "content-type": "application/json" }).end("{}");
  });
  const collector: Collector = {
    url: "",
    spans: [],
    headers: [],
    status: 200,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  collector.url = `http://127.0.0.1:${portOf(server.address())}`;
  return collector;
}

const spansOf = ({ resourceSpans }: Traces): CollectedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service: resource.attributes["service.name"] }))),
  );

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== "object" || address === null) throw new Error("The collector listens on no port.");
  return address.port;
}
