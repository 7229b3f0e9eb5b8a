import { z } from "zod";

/** A JSON schema (2020-12), as OpenAPI 3.1 uses it. */
export type Schema = Record<string, unknown>;

const schema = z.record(z.string(), z.unknown());
const media = z.object({ schema: schema.optional() });
const content = z.record(z.string(), media).default({});

const reference = z.object({ $ref: z.string() });

const parameter = z.object({
  name: z.string(),
  in: z.enum(["path", "query", "header", "cookie"]),
  required: z.boolean().default(false),
  schema: schema.default({}),
});

const operation = z.object({
  security: z.array(z.record(z.string(), z.array(z.string()))).default([]),
  "x-roles": z.array(z.string()).optional(),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ required: z.boolean().default(false), content }).optional(),
  responses: z.record(z.string(), z.union([reference, z.object({ content })])),
});

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;

const documentSchema = z.looseObject({
  openapi: z.string().regex(/^3\.1\./),
  paths: z.record(z.string(), z.looseObject({})),
  components: z
    .looseObject({
      schemas: z.record(z.string(), schema).default({}),
      responses: z.record(z.string(), z.object({ content })).default({}),
    })
    .default({ schemas: {}, responses: {} }),
});

export type Document = z.output<typeof documentSchema>;
export type Parameter = z.output<typeof parameter>;

/** An answer that an operation may give. */
export interface Documented {
  types: string[];
  /** Where the document describes it, as a URI fragment. */
  pointer: string;
}

export interface Operation {
  /** Upper case. */
  method: string;
  /** With parameters in braces. */
  path: string;
  /** `GET /users/{id}`. */
  name: string;
  /** Who may call it; `role` is `user` with one of `roles`. */
  access: "anyone" | "optional" | "user" | "role";
  roles: string[];
  /** Whether a service may call it as well. */
  services: boolean;
  parameters: Parameter[];
  /** The JSON body's schema, if it reads one. */
  body: Schema | undefined;
  bodyRequired: boolean;
  /** By status. */
  responses: Record<string, Documented>;
}

export const parseDocument = (text: string): Document => documentSchema.parse(JSON.parse(text));

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      if (item[method] === undefined) return [];
      const { security, parameters, requestBody, responses, "x-roles": roles = [] } = operation.parse(item[method]);
      const at = ["paths", path, method, "responses"];
      const answers = Object.entries(responses).map(([status, response]) => [
        status,
        documented(document, response, [...at, status]),
      ]);
      return {
        method: method.toUpperCase(),
        path,
        name: `${method.toUpperCase()} ${path}`,
        access: roles.length > 0 ? ("role" as const) : accessOf(security),
        roles,
        services: security.some((scheme) => "serviceToken" in scheme),
        parameters,
        body: requestBody?.content["application/json"]?.schema,
        bodyRequired: requestBody?.required ?? false,
        responses: Object.fromEntries(answers) as Record<string, Documented>,
      };
    }),
  );
}

type Response = z.output<typeof operation>["responses"][string];

function documented({ components }: Document, response: Response, at: readonly string[]): Documented {
  if (!("$ref" in response)) return { types: Object.keys(response.content), pointer: pointerTo(at) };
  const found = components.responses[response.$ref.replace("#/components/responses/", "")];
  if (!found) throw new Error(`The document refers to ${response.$ref}, which it does not hold.`);
  return { types: Object.keys(found.content), pointer: response.$ref.slice(1) };
}

/** A JSON pointer as a URI fragment (RFC 6901, 6), without the `#`. */
export const pointerTo = (path: readonly string[]): string =>
  path.map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("");

/** Whose access token an operation takes; other schemes, as of metrics, are not a user's. */
function accessOf(security: Record<string, string[]>[]): Operation["access"] {
  if (!security.some((scheme) => "accessToken" in scheme)) return "anyone";
  return security.some((scheme) => Object.keys(scheme).length === 0) ? "optional" : "user";
}
