import fc from "fast-check";
import type { RequestOptions } from "../client.ts";
import { hostileValues, spoiled, valuesOf } from "./generate.ts";
import type { Document, Operation, Parameter } from "./operations.ts";

/** One request to an operation, ready to be sent. */
export interface GeneratedRequest {
  method: string;
  path: string;
  options: RequestOptions;
}

/**
 * Requests to an operation, valid and invalid in every part. `ids` are those of things that exist;
 * a parameter that takes an id is given one of them often enough to get past "not found".
 */
export function requestsTo(
  document: Document,
  operation: Operation,
  ids: readonly string[],
): fc.Arbitrary<GeneratedRequest> {
  const inPath = operation.parameters.filter((parameter) => parameter.in === "path");
  const inQuery = operation.parameters.filter((parameter) => parameter.in === "query");
  const path = fc
    .tuple(...inPath.map((parameter) => pathValues(document, parameter, ids)))
    .map((values) => fillIn(operation.path, inPath, values));
  const query = fc.tuple(...inQuery.map((parameter) => queryValues(document, parameter))).map((values) => {
    const search = new URLSearchParams();
    for (const [index, value] of values.entries()) {
      if (value !== undefined) search.set(inQuery[index]?.name ?? "", asText(value));
    }
    return search.size === 0 ? "" : `?${search}`;
  });
  return fc.tuple(path, query, strays, bodies(document, operation)).map(([filled, search, stray, body]) => ({
    method: operation.method,
    path: filled + search + (stray && (search === "" ? "?" : "&") + stray),
    options: body,
  }));
}

/** Parameters that no contract names, or that come once more. */
const strays = fc.oneof(
  { weight: 9, arbitrary: fc.constant("") },
  {
    weight: 1,
    arbitrary: fc.constantFrom("surprise=1", "limit=1&limit=2", "=", "limit", "%F0%9F%A7%AE=", "cursor=zzz"),
  },
);

function pathValues(document: Document, { schema }: Parameter, ids: readonly string[]): fc.Arbitrary<string> {
  const arms = [
    { weight: 4, arbitrary: valuesOf(document, schema).map(asText) },
    { weight: 2, arbitrary: fc.oneof(hostileValues.map(asText), fc.string({ minLength: 1, maxLength: 40 })) },
  ];
  if (schema.format === "uuid" && ids.length > 0) arms.push({ weight: 4, arbitrary: fc.constantFrom(...ids) });
  // Dots alone are navigation and an empty segment is another path: neither reaches this operation.
  return fc.oneof(...arms).filter((text) => !/^\.{0,2}$/.test(text) && text.length < 2_000);
}

const queryValues = (document: Document, { schema, required }: Parameter): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 4, arbitrary: valuesOf(document, schema) },
    { weight: 1, arbitrary: hostileValues.filter((value) => asText(value).length < 2_000) },
    { weight: required ? 1 : 3, arbitrary: fc.constant(undefined) },
  );

const wrongTypes = [
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "application/json; charset=utf-16",
  "nonsense",
];
const brokenJson = [
  "",
  "{",
  "nul",
  '{"a":1,}',
  "{'a':1}",
  '{"a":1}{"b":2}',
  "\ufeff{}",
  '{"a":"\\ud800"}',
  "[".repeat(5_000),
  "1e999",
  '{"__proto__":{"x":1}}',
];

function bodies(document: Document, { body }: Operation): fc.Arbitrary<RequestOptions> {
  if (!body) return fc.constant({});
  const valid = valuesOf(document, body);
  return fc.oneof(
    { weight: 5, arbitrary: valid.map((value) => ({ body: value })) },
    { weight: 5, arbitrary: spoiled(valid).map((value) => ({ body: value })) },
    { weight: 1, arbitrary: hostileValues.map((value) => ({ body: value })) },
    { weight: 1, arbitrary: fc.constantFrom(...brokenJson).map((raw) => ({ raw })) },
    { weight: 1, arbitrary: fc.tuple(valid, fc.nat()).map(([value, at]) => ({ raw: cut(value, at) })) },
    { weight: 1, arbitrary: fc.tuple(valid, fc.integer({ min: 2, max: 8 })).map(slow) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(valid, fc.constantFrom(...wrongTypes))
        .map(([value, type]) => ({ body: value, headers: { "content-type": type } })),
    },
    { weight: 1, arbitrary: fc.constant({}) },
  );
}

/** JSON that ends somewhere in its middle. */
function cut(value: unknown, at: number): string {
  const whole = JSON.stringify(value) ?? "null";
  return whole.slice(0, at % whole.length);
}

/** A body that takes its time. */
const slow = ([body, pieces]: [unknown, number]): RequestOptions => ({ body, pieces });

function fillIn(path: string, parameters: readonly Parameter[], values: readonly string[]): string {
  let filled = path;
  for (const [index, { name }] of parameters.entries()) {
    // A function, because `$` means something in a replacement text.
    filled = filled.replace(`{${name}}`, () => encodeURIComponent((values[index] ?? "").toWellFormed()));
  }
  return filled;
}

const asText = (value: unknown): string =>
  (typeof value === "string" ? value : (JSON.stringify(value) ?? "")).toWellFormed();
