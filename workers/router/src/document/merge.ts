import { type Json, operations, securitySchemes } from "@trivet/http";
import { z } from "zod";

const section = z.record(z.string(), z.json()).optional();

/** As much of an OpenAPI 3.1 document as merging touches. */
export const openApiDocument = z.looseObject({
  info: z.looseObject({ title: z.string(), summary: z.string().optional() }),
  paths: z.record(z.string(), z.json()),
  components: z.looseObject({ schemas: section, responses: section, headers: section }).optional(),
});

export type OpenApiDocument = z.output<typeof openApiDocument>;
type Merged = Record<(typeof sections)[number], Record<string, Json>>;

const sections = ["schemas", "responses", "headers"] as const;

export interface Heading {
  title: string;
  version: string;
  description: string;
  /** Where the paths begin. */
  server: string;
}

/**
 * One document out of the services' own, in their order. Components of one name and one shape are shared;
 * of two shapes under one name, the later one is renamed after its service. Services in `stale` are flagged.
 */
export function mergeDocuments(documents: readonly [string, OpenApiDocument][], heading: Heading, stale: string[]) {
  const { title, version, description, server } = heading;
  const paths: Record<string, Json> = {};
  const components: Merged = { schemas: {}, responses: {}, headers: {} };
  for (const [service, document] of documents) {
    const renamed = addComponents(components, service, document);
    for (const [path, item] of Object.entries(document.paths)) paths[path] = withReferences(item, renamed);
  }
  for (const [path, of, operationId] of atRoot) {
    const found = readable.safeParse(paths[of]);
    if (found.success) paths[path] = { get: { ...found.data.get, operationId } };
  }
  return {
    openapi: "3.1.0",
    info: { title, version, description },
    servers: [{ url: server }],
    tags: [...documents.map(([name, { info }]) => ({ name, description: info.summary ?? "" })), operations],
    paths,
    components: { ...components, securitySchemes },
    ...(stale.length > 0 && { "x-stale": stale }),
  };
}

/** Adds the components of one service; tells which references to them have become others. */
function addComponents(to: Merged, service: string, { components }: OpenApiDocument): Map<string, string> {
  const renamed = new Map<string, string>();
  for (const kind of sections) {
    for (const [name, own] of Object.entries(components?.[kind] ?? {})) {
      const taken = to[kind][name];
      if (taken !== undefined && JSON.stringify(taken) !== JSON.stringify(own))
        renamed.set(reference(kind, name), reference(kind, `${service}.${name}`));
    }
  }
  for (const kind of sections) {
    for (const [name, own] of Object.entries(components?.[kind] ?? {})) {
      const kept = renamed.has(reference(kind, name)) ? `${service}.${name}` : name;
      to[kind][kept] = withReferences(own, renamed);
    }
  }
  return renamed;
}

/** Paths of services that have a second name of their own in the document: others look for them at the root. */
const atRoot = [
  ["/.well-known/jwks.json", "/auth/.well-known/jwks.json", "getWellKnownJwksJson"],
  ["/asyncapi.json", "/events/asyncapi.json", "getAsyncapiJson"],
] as const;

const readable = z.object({ get: z.record(z.string(), z.json()) });

const reference = (kind: string, name: string): string => `#/components/${kind}/${name}`;

function withReferences(value: Json, renamed: ReadonlyMap<string, string>): Json {
  if (renamed.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withReferences(item, renamed));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === "$ref" && typeof member === "string" ? (renamed.get(member) ?? member) : withReferences(member, renamed),
    ]),
  );
}
