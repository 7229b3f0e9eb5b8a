import { Validator } from "@seriousme/openapi-schema-validator";
import { errorCodes, isErrorCode } from "@trivet/platform";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { health } from "../src/observe/health.ts";
import { type Running, run } from "./fixture/running.ts";

const named = z.record(z.string(), z.json());
const operationSchema = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.looseObject({ required: z.boolean() }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({ $ref: z.string().optional(), headers: named.optional(), content: named.optional() }),
  ),
  "x-roles": z.array(z.string()).optional(),
});
const documentSchema = z.looseObject({
  openapi: z.literal("3.1.0"),
  info: z.object({ title: z.string(), version: z.string(), summary: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({
    schemas: named,
    responses: z.record(z.string(), z.looseObject({ headers: named, content: named })),
    headers: named,
    securitySchemes: named,
  }),
});

const refusalMedia = z.object({
  schema: z.object({
    allOf: z.tuple([
      z.object({ $ref: z.literal("#/components/schemas/Problem") }),
      z.object({ properties: z.looseObject({ code: z.object({ enum: z.array(z.string()) }) }) }),
    ]),
  }),
  examples: z.record(z.string(), z.object({ value: z.json() })),
});

let service: Running;
let text: string;
let document: z.output<typeof documentSchema>;

beforeAll(async () => {
  service = run();
  text = await (await service.send("/toy/openapi.json")).text();
  document = documentSchema.parse(JSON.parse(text));
});

const operation = (path: string, method: string) => {
  const found = document.paths[path]?.[method];
  if (!found) throw new Error(`${method} ${path} is not in the document.`);
  return found;
};

describe("the OpenAPI document", () => {
  test("is valid OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(text));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  test("describes the service by its own words", () => {
    expect(document.info).toEqual({
      title: "Trivet toy",
      version: "1.2.3",
      summary: "A service to try the plumbing with",
      description: expect.stringMatching(/^## Addresses\n/),
    });
  });

  test("says what holds everywhere", () => {
    const headings = [...document.info.description.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    const what = ["Addresses", "Authentication", "Refusals", "Requests", "Lists", "Versions of one thing", "Limits"];
    expect(headings).toEqual(what);
  });

  test("is the same with and without the service's prefix, and 304 to whoever holds it", async () => {
    const response = await service.send("/openapi.json");
    expect(await response.text()).toBe(text);
    const etag = response.headers.get("etag") ?? "";
    expect((await service.send("/toy/openapi.json", { headers: { "if-none-match": etag } })).status).toBe(304);
  });

  test("has every public route, with a parameter for every brace, and no internal one", () => {
    expect(Object.keys(document.paths).toSorted()).toEqual([
      "/toy/admin",
      "/toy/any",
      "/toy/docs",
      "/toy/document",
      "/toy/download",
      "/toy/either",
      "/toy/fail",
      "/toy/fail-late",
      "/toy/guest",
      "/toy/hang",
      "/toy/health",
      "/toy/health/db",
      "/toy/later",
      "/toy/me",
      "/toy/metrics",
      "/toy/numbers",
      "/toy/openapi.json",
      "/toy/ready",
      "/toy/redoc",
      "/toy/small",
      "/toy/things",
      "/toy/things/latest",
      "/toy/things/{id}",
      "/toy/trace",
      "/toy/upload",
    ]);
    expect(operation("/toy/things/{id}", "get").parameters.map(({ name }) => name)).toEqual(["id"]);
  });

  test("names each operation once", () => {
    const ids = Object.values(document.paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(operation("/toy/things/{id}", "get").operationId).toBe("getToyThingsById");
  });

  test.each([
    ["anyone", "/toy/things/{id}", []],
    ["optional", "/toy/guest", [{}, { accessToken: [] }, { apiKey: [] }]],
    ["a user", "/toy/me", [{ accessToken: [] }, { apiKey: [] }]],
    ["a role", "/toy/admin", [{ accessToken: [] }, { apiKey: [] }]],
  ])("tells who may call: %s", (_, path, security) => {
    expect(operation(path, "get").security).toEqual(security);
    for (const scheme of security.flatMap((option) => Object.keys(option))) {
      expect(document.components.securitySchemes).toHaveProperty(scheme);
    }
  });

  test("tells the roles", () => {
    expect(operation("/toy/admin", "get")["x-roles"]).toEqual(["admin"]);
    expect(operation("/toy/me", "get")["x-roles"]).toBeUndefined();
  });

  test.each([
    ["a plain read", "/toy/trace", "get", [200, 400, 401, 429, 500, 502, 503, 504]],
    ["a user's read", "/toy/me", "get", [200, 400, 401, 403, 429, 500, 502, 503, 504]],
    ["a write without a body", "/toy/later", "post", [204, 400, 401, 408, 413, 429, 500, 502, 503, 504]],
    ["a write with a body", "/toy/things", "post", [201, 400, 401, 408, 413, 415, 429, 500, 502, 503, 504]],
    ["a read with an ETag", "/toy/document", "get", [200, 304, 400, 401, 429, 500, 502, 503, 504]],
    ["a write with If-Match", "/toy/document", "put", [200, 400, 401, 408, 412, 413, 415, 429, 500, 502, 503, 504]],
    ["readiness", "/toy/ready", "get", [200, 400, 401, 429, 500, 502, 503, 504]],
    ["metrics", "/toy/metrics", "get", [200, 400, 401, 403, 429, 500, 502, 503, 504]],
  ])("lists every status that %s can answer", (_, path, method, statuses) => {
    expect(Object.keys(operation(path, method).responses).map(Number)).toEqual(statuses);
  });

  const refusals = () =>
    Object.values(document.paths)
      .flatMap((item) => Object.values(item))
      .flatMap(({ responses }) => Object.entries(responses))
      .filter(([status]) => Number(status) >= 400);

  test("every refusal is a problem with its own codes, an example of each, and the headers it comes with", () => {
    expect(refusals().length).toBeGreaterThan(100);
    for (const [status, response] of refusals()) {
      const name = response.$ref?.replace("#/components/responses/", "") ?? "";
      const { headers, content } = response.$ref ? (document.components.responses[name] ?? {}) : response;
      const media = refusalMedia.parse(content?.["application/problem+json"]);
      const [, only] = media.schema.allOf;
      const codes = only.properties.code.enum;
      expect(codes.length, `${status} ${name}`).toBeGreaterThan(0);
      expect(Object.keys(media.examples)).toEqual(codes);
      for (const code of codes.filter(isErrorCode)) {
        expect(errorCodes[code].status).toBe(Number(status));
        expect(media.examples[code]?.value).toMatchObject({
          code,
          status: Number(status),
          title: errorCodes[code].error,
        });
      }
      const known = Object.keys(headers ?? {});
      expect(known).toContain("x-request-id");
      expect(known.includes("retry-after"), status).toBe(["429", "503"].includes(status));
      expect(known.includes("www-authenticate"), status).toBe(status === "401");
    }
    expect(JSON.stringify(document.components.schemas.Problem)).toContain(JSON.stringify(Object.keys(errorCodes)));
  });

  test("readiness is told with 503 in its own shape, beside the refusal of that status", () => {
    const content = operation("/toy/ready", "get").responses[503]?.content;
    expect(Object.keys(content ?? {}).toSorted()).toEqual(["application/json", "application/problem+json"]);
  });

  test.each([
    ["/toy/trace", "get", 200, []],
    ["/toy/numbers", "get", 200, ["link"]],
    ["/toy/document", "get", 200, ["etag"]],
    ["/toy/document", "get", 304, ["etag"]],
    ["/toy/document", "put", 200, ["etag"]],
  ])("tells the headers of answers: %s %s %i", (path, method, status, own) => {
    const headers = Object.keys(operation(path, method).responses[status]?.headers ?? {});
    const counted = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    expect(headers).toEqual(["x-request-id", ...counted, ...own]);
    for (const name of [...headers, "allow"]) expect(document.components.headers).toHaveProperty([name]);
  });

  test("every reference leads somewhere", () => {
    const references = [...text.matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(100);
    for (const [, kind, name] of references) expect(document.components).toHaveProperty([kind ?? "", name ?? ""]);
  });

  test("shows the service's own routes first, and what is there for its operators last", () => {
    expect(document.tags.map(({ name }) => name)).toEqual(["toy", "operations"]);
    const tags = Object.values(document.paths).flatMap((item) => Object.values(item).flatMap((one) => one.tags));
    expect(tags.lastIndexOf("toy")).toBeLessThan(tags.indexOf("operations"));
    expect(operation("/toy/health", "get").tags).toEqual(["operations"]);
  });

  test("what the standard routes answer is what it says", async () => {
    for (const path of ["/toy/health", "/toy/ready", "/toy/health/db"]) {
      const body: unknown = await (await service.send(path)).json();
      expect(health.parse(body)).toEqual(body);
    }
  });

  test("leaves out what is of no use to a caller", () => {
    expect(text).not.toMatch(/bodyLimit|atDoor|middleware|"access"|"etag":true|internal\/echo/);
  });
});
