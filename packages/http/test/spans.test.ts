import { startCollector } from "@trivet/testing/traces";
import { beforeEach, describe, expect, test } from "vitest";
import { KeyServer, newIssuer } from "./fixture/issuer.ts";
import { logged, posting, run } from "./fixture/running.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01";

const start = async (endpoint: string) =>
  run({ AUTH: new KeyServer(await newIssuer()), OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });

beforeEach(() => {
  logged.length = 0;
});

/** Where no host takes the spans, as on Cloudflare. */
describe("a service that sends its spans itself", () => {
  test("tells of a request by its route, and of nothing that was sent", async () => {
    await using collector = await startCollector();
    const service = await start(collector.url);
    const response = await service.send("/toy/nowhere?secret=s3cret", { headers: { traceparent } });
    expect(response.status).toBe(404);
    await service.settled();
    expect(collector.spans).toEqual([
      expect.objectContaining({
        service: "toy",
        kind: "server",
        name: "GET unmatched",
        traceId: traceparent.slice(3, 35),
        parentSpanId: traceparent.slice(36, 52),
        // The client's fault is no failure of the service.
        status: { code: 0 },
        attributes: {
          "http.request.method": "GET",
          "http.route": "unmatched",
          "url.path": "/toy/nowhere",
          "http.response.status_code": 404,
        },
      }),
    ]);
  });

  test("sends nothing of a trace that is not sampled", async () => {
    await using collector = await startCollector();
    const service = await start(collector.url);
    await service.send("/toy/nowhere", { headers: { traceparent: traceparent.replace(/01$/, "00") } });
    await service.settled();
    expect(collector.spans).toEqual([]);
  });

  test.each(["refuses them", "is gone"])("answers as ever while the collector %s, and says so", async (how) => {
    const collector = await startCollector();
    if (how === "is gone") await collector[Symbol.asyncDispose]();
    await using _open = how === "is gone" ? null : collector;
    collector.status = 503;
    const service = await start(collector.url);
    const response = await service.send("/toy/nowhere", posting("{}"));
    expect(response.status).toBe(404);
    await service.settled();
    expect(logged.filter((line) => line.includes("did not take"))).toHaveLength(1);
  });
});
