import type { OpenAPIHono } from "@hono/zod-openapi";
import { fingerprint, sameSecret, TrivetError } from "@trivet/platform";
import { conventions } from "./docs/conventions.ts";
import { describeRoute } from "./docs/describe-route.ts";
import { buildDocument } from "./docs/document.ts";
import { type Reader, readerPage } from "./docs/pages.ts";
import { operations, standardContracts } from "./docs/standard-contracts.ts";
import type { ServiceEnv } from "./env.ts";
import { strictQuery } from "./input/query.ts";
import { type Checks, takeHealth } from "./observe/health.ts";
import { metricsContentType } from "./observe/metrics.ts";
import { outboxMeasures } from "./observe/outbox.ts";
import { listsTag } from "./output/etag.ts";
import type { ServiceDefinition } from "./service.ts";
import type { HandlerEnv, ServiceContext } from "./state.ts";

/** Registers an answer under a path, which is also the label of its metrics. */
type Get<Deps> = (path: string, answer: (c: ServiceContext<Deps>) => Promise<Response>) => void;

/**
 * What every service answers: health, readiness, metrics, its OpenAPI document and two readers of it.
 * Below its own prefix, and without one for when it runs alone.
 */
export function standardRoutes<Env extends ServiceEnv, Deps>(
  app: OpenAPIHono<HandlerEnv<Deps>>,
  service: ServiceDefinition<Env, Deps>,
): void {
  let document: string | undefined;
  const health = (c: ServiceContext<Deps>) =>
    takeHealth({ service: service.name, version: service.version, since: c.env.since }, checksOf(service, c));

  const own = new Set<string>(service.routes.map(({ contract }) => contract.path));
  const get: Get<Deps> = (path, answer) => {
    // A service may answer one of these in its own way, as the router does `/health/db`.
    if (own.has(path)) return;
    app.get(path, strictQuery(undefined), (c) => {
      c.env.route = path;
      return answer(c);
    });
  };

  for (const prefix of ["", `/${service.name}`]) {
    get(`${prefix}/health`, async (c) => c.json(await health(c), 200, noStore));
    get(`${prefix}/ready`, async (c) => {
      const report = await health(c);
      return c.json(report, report.status === "ok" ? 200 : 503, noStore);
    });
    get(`${prefix}/health/db`, async (c) => {
      const report = await health(c);
      if (report.database === undefined) throw new TrivetError("not_found", "This service has no database.");
      return c.json(report, report.database === "connected" ? 200 : 503, noStore);
    });
    get(`${prefix}/metrics`, async (c) => {
      assertCollector(c);
      const { outbox } = service;
      const asked = outbox ? await outboxMeasures(async () => outbox(c.env.deps())) : [];
      return c.body(await c.env.metrics.render(asked), 200, { "content-type": metricsContentType, ...noStore });
    });
    get(`${prefix}/openapi.json`, async (c) => {
      document ??= buildDocument(app, infoOf(service));
      return serveDocument(c, (await service.document?.(c, document)) ?? document);
    });
    documentPages(get, prefix, titleOf(service));
  }
}

/** After the service's own routes, so that a reader of the document meets those first. */
export function documentStandardRoutes<Env extends ServiceEnv, Deps>(
  app: OpenAPIHono<HandlerEnv<Deps>>,
  service: ServiceDefinition<Env, Deps>,
): void {
  const own = new Set<string>(service.routes.map(({ contract }) => contract.path));
  const atDoor = service.atDoor ?? false;
  const prefix = atDoor ? "" : (`/${service.name}` as const);
  for (const contract of standardContracts(prefix, "database" in (service.checks ?? {}))) {
    if (!own.has(contract.path)) app.openAPIRegistry.registerPath(describeRoute(contract, { atDoor }));
  }
}

const titleOf = (service: { name: string; title?: string }): string => service.title ?? `Trivet ${service.name}`;

const infoOf = (service: Pick<ServiceDefinition<never, never>, "name" | "title" | "version" | "summary">) => ({
  title: titleOf(service),
  version: service.version,
  summary: service.summary,
  description: conventions("Requests are counted by user, else by address; tries to log in more strictly."),
  server: "/",
  tags: [{ name: service.name, description: service.summary }, operations],
});

/** `/docs` (Scalar), `/redoc` (ReDoc) and their scripts, below a prefix. */
function documentPages<Deps>(get: Get<Deps>, prefix: string, title: string): void {
  const page = async (reader: Reader) =>
    readerPage(reader, { title, documentPath: `${prefix}/openapi.json`, assetsPath: `${prefix}/docs/assets` });
  get(`${prefix}/docs`, () => page("scalar"));
  get(`${prefix}/redoc`, () => page("redoc"));
  get(`${prefix}/docs/assets/:file`, async (c) => {
    const { assets } = c.env;
    if (!assets) throw new TrivetError("not_found", "This service has no [assets] binding to serve its pages from.");
    const url = new URL(`http://assets/${encodeURIComponent(c.req.param("file") ?? "")}`);
    const answer = await assets.fetch(new Request(url, { headers: conditional(c.req.raw.headers) }));
    if (answer.status === 404) throw new TrivetError("not_found");
    return answer;
  });
}

function serveDocument<Deps>(c: ServiceContext<Deps>, document: string): Response {
  const etag = `"${fingerprint(document)}"`;
  const headers = { etag, "cache-control": "no-cache" };
  if (listsTag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  return c.body(document, 200, { ...headers, "content-type": "application/json" });
}

/** Metrics tell how a system is built and what it does: they are the operator's, who says so by METRICS_TOKEN. */
function assertCollector<Deps>(c: ServiceContext<Deps>): void {
  const { METRICS_TOKEN, TRIVET_ENV } = c.env.env;
  if (METRICS_TOKEN === "" && TRIVET_ENV !== "production") return;
  if (METRICS_TOKEN === "") throw new TrivetError("forbidden", "Metrics are closed until METRICS_TOKEN is set.");
  const sent = c.req.header("authorization") ?? "";
  if (!sameSecret(sent, `Bearer ${METRICS_TOKEN}`)) {
    throw new TrivetError("unauthenticated", "Send METRICS_TOKEN as `Authorization: Bearer <token>`.");
  }
}

const noStore = { "cache-control": "no-store" };

const conditional = (headers: Headers): Headers => {
  const etag = headers.get("if-none-match");
  return new Headers(etag === null ? {} : { "if-none-match": etag });
};

function checksOf<Env extends ServiceEnv, Deps>(
  service: ServiceDefinition<Env, Deps>,
  c: ServiceContext<Deps>,
): Checks {
  return Object.fromEntries(
    Object.entries(service.checks ?? {}).map(([name, check]) => [name, async () => check(c.env.deps())]),
  );
}
