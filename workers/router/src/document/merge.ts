import { securitySchemes } from "@trivet/http";
import { z } from "zod";

/** As much of an OpenAPI 3.1 document as merging touches. */
export const openApiDocument = z.looseObject({
  info: z.looseObject({ title: z.string(), description: z.string().optional() }),
  paths: z.record(z.string(), z.json()),
  components: z.looseObject({ schemas: z.record(z.string(), z.json()).optional() }).optional(),
});

export type OpenApiDocument = z.output<typeof openApiDocument>;
type Json = z.core.util.JSONType;

const description = `Every service behind this address. Paths are also answered below \`/api\` and \`/api/v1\`.

Refusals are RFC 9457 problems; their \`code\` is from a closed set. Lists page by an opaque \`cursor\`.`;

/**
 * One document out of the services' own. Schemas of one name and one shape are shared; of two shapes
 * under one name, the later one is renamed after its service. Services in `stale` are flagged.
 */
export function mergeDocuments(documents: readonly [string, OpenApiDocument][], server: string, stale: string[]) {
  const paths: Record<string, Json> = {};
  const schemas: Record<string, Json> = {};
  for (const [service, document] of documents) {
    const renamed = new Map<string, string>();
    const own = document.components?.schemas ?? {};
    for (const [name, schema] of Object.entries(own)) {
      const taken = schemas[name];
      if (taken !== undefined && JSON.stringify(taken) !== JSON.stringify(schema))
        renamed.set(name, `${service}.${name}`);
    }
    for (const [name, schema] of Object.entries(own))
      schemas[renamed.get(name) ?? name] = withReferences(schema, renamed);
    for (const [path, item] of Object.entries(document.paths)) paths[path] = withReferences(item, renamed);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Trivet", version: "0.1.0", description },
    servers: [{ url: server }],
    tags: documents.map(([name, document]) => ({ name, description: document.info.description ?? "" })),
    paths,
    components: { schemas, securitySchemes },
    ...(stale.length > 0 && { "x-stale": stale }),
  };
}

const prefix = "#/components/schemas/";

function withReferences(value: Json, renamed: ReadonlyMap<string, string>): Json {
  if (renamed.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => withReferences(item, renamed));
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key !== "$ref" || typeof member !== "string") return [key, withReferences(member, renamed)];
      const to = renamed.get(member.slice(prefix.length));
      return [key, to === undefined ? member : prefix + to];
    }),
  );
}
