import fc from "fast-check";
import type { Document, Schema } from "./operations.ts";

/** Arbitrary values that a JSON schema of an OpenAPI document accepts, as far as it says. */
export function valuesOf(document: Document, schema: Schema): fc.Arbitrary<unknown> {
  const of = (part: unknown): fc.Arbitrary<unknown> => valuesOf(document, asSchema(part));
  const { $ref, allOf, anyOf, oneOf } = schema;
  if (typeof $ref === "string") return of(referred(document, $ref));
  if ("const" in schema) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  const choices = Array.isArray(anyOf) ? anyOf : oneOf;
  if (Array.isArray(choices)) return fc.oneof(...choices.map(of));
  if (Array.isArray(allOf)) return fc.tuple(...allOf.map(of)).map((parts) => Object.assign({}, ...parts));
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return fc.oneof(...types.map((type) => ofType(String(type), schema, of)));
}

function ofType(type: string, schema: Schema, of: (part: unknown) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  switch (type) {
    case "string":
      return strings(schema);
    case "integer":
      return fc.integer({ min: numberOf(schema.minimum) ?? -1_000, max: numberOf(schema.maximum) ?? 1_000_000 });
    case "number":
      return fc.double({ min: numberOf(schema.minimum) ?? -1e6, max: numberOf(schema.maximum) ?? 1e6, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(of(schema.items), { maxLength: Math.min(numberOf(schema.maxItems) ?? 5, 5) });
    case "object":
      return objects(schema, of);
    default:
      return fc.jsonValue();
  }
}

function objects(schema: Schema, of: (part: unknown) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const properties = Object.entries(asSchema(schema.properties));
  const required = Array.isArray(schema.required) ? schema.required.map(String) : [];
  const members = Object.fromEntries(properties.map(([name, part]) => [name, of(part)]));
  if (properties.length > 0) return fc.record(members, { requiredKeys: required.filter((name) => name in members) });
  const open = schema.additionalProperties;
  return fc.dictionary(fc.string({ maxLength: 10 }), isSchema(open) ? of(open) : fc.jsonValue(), { maxKeys: 4 });
}

function strings(schema: Schema): fc.Arbitrary<string> {
  const minLength = numberOf(schema.minLength) ?? 0;
  const maxLength = Math.min(numberOf(schema.maxLength) ?? 60, Math.max(60, minLength));
  switch (schema.format) {
    case "uuid":
      return fc.uuid();
    case "email":
      return fc.emailAddress({ size: "small" });
    case "date-time":
      return fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString());
    case "uri":
      return fc.webUrl();
    default:
  }
  if (typeof schema.pattern !== "string") return fc.string({ unit: "grapheme", minLength, maxLength });
  const pattern = new RegExp(schema.pattern);
  const fits = (text: string) => text.length >= minLength && text.length <= maxLength && pattern.test(text);
  // fast-check does not read lookaheads; patterns with one are met by plain letters often enough.
  if (schema.pattern.includes("(?=")) return fc.string({ unit: letters, minLength, maxLength }).filter(fits);
  return fc.stringMatching(pattern, { size: "small" }).filter(fits);
}

const letters = fc.constantFrom(..."abcxyzABCXYZ0189");

/** JSON that no contract of ours asks for: wrong types, hostile strings, deep and odd structures. */
export const hostileValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    null,
    "",
    " ",
    "\u0000",
    "a\u0000b",
    "\ud800",
    "\u202e\u{1f469}\u200d\u{1f469}",
    "x".repeat(100_000),
    "' OR 1=1; --",
    "<script>alert(1)</script>",
    -1,
    0,
    1e308,
    2 ** 53,
    -0.5,
    true,
    [],
    {},
    [[[[[[]]]]]],
    { __proto__: null, constructor: { prototype: {} } },
    { $ne: null },
  ),
  fc.string({ unit: "binary", maxLength: 50 }),
);

/** A valid object with one member spoiled, left out or added; anything else becomes hostile as a whole. */
export function spoiled(valid: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(valid, hostileValues, fc.nat(), fc.constantFrom("replace", "remove", "add"))
    .map(([value, bad, at, how]) => {
      if (!isSchema(value)) return bad;
      const names = Object.keys(value);
      const name = names[at % Math.max(1, names.length)];
      if (how === "add" || name === undefined) return { ...value, surprise: bad };
      const { [name]: _, ...rest } = value;
      return how === "remove" ? rest : { ...rest, [name]: bad };
    });
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const asSchema = (value: unknown): Schema => (isSchema(value) ? value : {});

function referred(document: Document, pointer: string): Schema {
  const name = pointer.replace("#/components/schemas/", "");
  const found = document.components.schemas[name];
  if (!found) throw new Error(`The document refers to ${pointer}, which it does not hold.`);
  return found;
}
