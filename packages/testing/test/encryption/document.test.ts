import { describe, expect, test } from "vitest";
import { z } from "zod";
import { fetchFrom, first } from "./vault-system.ts";

const errorNames = ["encryption_required", "decryption_failed", "encryption_expired", "encryption_replayed"];
const content = z.record(z.string(), z.unknown()).optional();
const operation = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string(), required: z.boolean() })).default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content })),
});

describe("the document", () => {
  test("names the headers, both media types and the refusals of a route, and nothing of them where there are none", async () => {
    const { paths } = z
      .object({ paths: z.record(z.string(), z.record(z.string(), operation)) })
      .parse(await (await fetchFrom(first, new Request("http://vault/vault/openapi.json"))).json());
    const named = (path: string, method: string) => {
      const found = paths[path]?.[method];
      const codes = JSON.stringify(found?.responses ?? {});
      return {
        headers: found?.parameters.map(({ name, required }) => `${name}${required ? "!" : ""}`),
        request: Object.keys(found?.requestBody?.content ?? {}),
        answer: Object.keys(found?.responses["200"]?.content ?? {}),
        refusal: Object.keys(found?.responses["400"]?.content ?? {}),
        codes: [...errorNames].filter((code) => codes.includes(code)),
      };
    };
    const both = ["application/json", "application/jose"];
    const refusal = ["application/problem+json", "application/jose"];
    expect(named("/vault/notes", "post")).toEqual({
      headers: ["x-service-communication", "x-encrypt-response"],
      ...{ request: both, answer: both, refusal },
      codes: ["decryption_failed", "encryption_expired", "encryption_replayed"],
    });
    expect(named("/vault/notes", "get")).toEqual({
      headers: ["x-service-communication", "x-encrypted-message", "x-encrypt-response"],
      ...{ request: [], answer: both, refusal },
      codes: ["decryption_failed", "encryption_expired"],
    });
    expect(named("/vault/bytes", "post")).toMatchObject({
      headers: ["x-service-communication!", "x-encrypted-message!"],
      codes: ["encryption_required", "decryption_failed", "encryption_expired", "encryption_replayed"],
    });
    expect(named("/vault/plain", "post")).toMatchObject({ headers: [], answer: ["application/json"], codes: [] });
  });
});
