import { describe, expect, test } from "vitest";
import { z } from "zod";
import { access, createWorker, json, type RouteContract, routesFor, serviceEnv, withEtag } from "../src/index.ts";

const { route } = routesFor<object>();
const env = { PUBLIC_URL: "http://trivet.test", SERVICE_JWT_SECRET: "a-secret-of-the-services-that-is-long-enough" };

/** A service whose one route answers as `contract` adds to what it is. */
function serviceWith(contract: Partial<RouteContract>) {
  const things = route(
    {
      method: "get",
      path: "/things/{id}",
      summary: "One",
      access: access.anyone,
      request: { params: z.object({ id: z.coerce.number() }) },
      responses: { 200: json(z.object({ id: z.number() }), "It") },
      ...contract,
    },
    async (c) => withEtag(c, { id: Number(c.req.param("id")) }),
  );
  const about = {
    name: "things",
    version: "1",
    summary: "Things",
    env: serviceEnv,
    routes: [things],
    deps: () => ({}),
  };
  const worker = createWorker(about);
  return async (path: string, init?: RequestInit): Promise<Response> =>
    await worker.fetch(new Request(`http://things${path}`, init), env, { waitUntil: () => undefined });
}

describe("a route with a `cache`", () => {
  const send = serviceWith({ cache: { maxAge: 5, staleIfError: 60, tags: ["things", "all"] } });

  test("says of its answers how long anybody may keep them, and what they can be purged by", async () => {
    const { headers, status } = await send("/things/1");
    expect(status).toBe(200);
    expect(headers.get("cache-control")).toBe("public, max-age=5, stale-if-error=60");
    expect(headers.get("cache-tag")).toBe("things,all");
    const current = await send("/things/1", { headers: { "if-none-match": headers.get("etag") ?? "" } });
    expect([current.status, current.headers.get("cache-control")]).toEqual([
      304,
      "public, max-age=5, stale-if-error=60",
    ]);
  });

  test("says nothing of the kind of its refusals", async () => {
    const { headers, status } = await send("/things/x");
    expect([status, headers.get("cache-control"), headers.get("cache-tag")]).toEqual([400, "no-store", null]);
  });

  test.each([
    { method: "get", access: access.user },
    { method: "get", access: access.optional },
    { method: "post", access: access.anyone },
  ] as const)("is refused at start where answers are not the same for everybody: %j", (contract) => {
    expect(() => serviceWith({ ...contract, cache: { maxAge: 5 } })).toThrow("cannot have a `cache`");
  });
});
