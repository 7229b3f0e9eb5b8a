import { describe, expect, test } from "vitest";
import { z } from "zod";
import "../src/index.ts";

/** What is said of a value, field by field. */
const said = (schema: z.ZodType, value: unknown): string[] =>
  schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];

describe("what is wrong with a value is said in words that follow its name", () => {
  test.each<[string, z.ZodType, unknown]>([
    ["is missing", z.string(), undefined],
    ["is missing", z.enum(["a", "b"]), undefined],
    ["must be text", z.string(), 7],
    ["must be a number", z.coerce.number(), "seven"],
    ["must be a whole number", z.int(), 1.5],
    ["must be true or false", z.boolean(), "yes"],
    ["must be an object", z.object({}), "{}"],
    ["must be an object", z.record(z.string(), z.string()), []],
    ["must be a list", z.array(z.string()), {}],
    ["must be null", z.null(), 0],
    ["must be a", z.literal("a"), "b"],
    ["must be one of a, b", z.enum(["a", "b"]), "c"],
    ["must be at least 1", z.number().min(1), 0],
    ["must be more than 1", z.number().gt(1), 1],
    ["must be at most 17", z.number().max(17), 99],
    ["must be less than 17", z.number().lt(17), 17],
    ["must be a multiple of 5", z.number().multipleOf(5), 7],
    ["must have at least 1 character", z.string().min(1), ""],
    ["must have at most 3 characters", z.string().max(3), "four"],
    ["must have exactly 2 items", z.array(z.string()).length(2), ["one"]],
    ["must have at most 1 entry", z.map(z.string(), z.string()).max(1), new Map([..."ab"].map((key) => [key, key]))],
    ["must be an email address", z.email(), "ada"],
    ["must be a UUID", z.uuidv7(), "ada"],
    ["must be an absolute URL", z.url(), "ada"],
    ["must be a date such as 2026-01-31", z.iso.date(), "ada"],
    ["must be a time such as 2026-01-31T12:00:00Z", z.iso.datetime(), "ada"],
    ["must match /^a+$/", z.string().regex(/^a+$/), "ada"],
    ["is not of the form that is expected", z.jwt(), "ada"],
    ["has fields that are not known", z.strictObject({}), { ada: 1 }],
    ["has a field whose name is not allowed", z.record(z.string().max(1), z.number()), { ada: 1 }],
    ["is not valid", z.string().refine(() => false), "ada"],
  ])("%s", (words, schema, value) => expect(said(schema, value)).toEqual([words]));

  test("unless the schema has words of its own", () => {
    expect(said(z.string({ error: "must be a name" }), 7)).toEqual(["must be a name"]);
  });
});
