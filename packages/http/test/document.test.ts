import { Validator } from "@seriousme/openapi-schema-validator";
import { errorCodes } from "@trivet/platform";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Running, run } from "./fixture/running.ts";

const operationSchema = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).default([]),
  requestBody: z.looseObject({ required: z.boolean() }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: z.record(z.string(), z.json()).optional() })),
  "x-roles": z.array(z.string()).optional(),
});
const documentSchema = z.looseObject({
  openapi: z.literal("3.1.0"),
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.looseObject({
    schemas: z.record(z.string(), z.json()),
    securitySchemes: z.record(z.string(), z.json()),
  }),
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
      description: "A service to try the plumbing with",
    });
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
      "/toy/document",
      "/toy/download",
      "/toy/either",
      "/toy/fail",
      "/toy/fail-late",
      "/toy/guest",
      "/toy/hang",
      "/toy/later",
      "/toy/me",
      "/toy/numbers",
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
    ["a plain read", "/toy/trace", "get", [200, 400, 429, 500, 502, 503, 504]],
    ["a user's read", "/toy/me", "get", [200, 400, 401, 403, 429, 500, 502, 503, 504]],
    ["a write with a body", "/toy/things", "post", [201, 400, 408, 413, 415, 429, 500, 502, 503, 504]],
    ["a read with an ETag", "/toy/document", "get", [200, 304, 400, 429, 500, 502, 503, 504]],
    ["a write with If-Match", "/toy/document", "put", [200, 400, 408, 412, 413, 415, 429, 500, 502, 503, 504]],
  ])("lists every status that %s can answer", (_, path, method, statuses) => {
    expect(Object.keys(operation(path, method).responses).map(Number)).toEqual(statuses);
  });

  test("every refusal is a problem", () => {
    for (const item of Object.values(document.paths)) {
      for (const { responses } of Object.values(item)) {
        for (const [status, { content }] of Object.entries(responses)) {
          if (Number(status) < 400) continue;
          expect(content).toEqual({ "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } });
        }
      }
    }
    expect(JSON.stringify(document.components.schemas.Problem)).toContain(JSON.stringify(Object.keys(errorCodes)));
  });

  test("leaves out what is of no use to a caller", () => {
    expect(text).not.toMatch(/bodyLimit|middleware|"access"|"etag":true|internal\/echo/);
  });
});
