import { z } from "zod";

/** A JSON schema (2020-12), as OpenAPI 3.1 uses it. */
export type Schema = Record<string, unknown>;

const schema = z.record(z.string(), z.unknown());
const media = z.object({ schema: schema.optional() });
const content = z.record(z.string(), media).default({});

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
  responses: z.record(z.string(), z.object({ content })),
});

const methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;

const documentSchema = z.looseObject({
  openapi: z.string().regex(/^3\.1\./),
  paths: z.record(z.string(), z.looseObject({})),
  components: z.looseObject({ schemas: z.record(z.string(), schema).default({}) }).default({ schemas: {} }),
});

export type Document = z.output<typeof documentSchema>;
export type Parameter = z.output<typeof parameter>;

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
  parameters: Parameter[];
  /** The JSON body's schema, if it reads one. */
  body: Schema | undefined;
  bodyRequired: boolean;
  /** Media types by status. */
  responses: Record<string, string[]>;
}

export const parseDocument = (text: string): Document => documentSchema.parse(JSON.parse(text));

export function operationsOf(document: Document): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      if (item[method] === undefined) return [];
      const { security, parameters, requestBody, responses, "x-roles": roles = [] } = operation.parse(item[method]);
      const types = Object.entries(responses).map(([status, response]) => [status, Object.keys(response.content)]);
      return {
        method: method.toUpperCase(),
        path,
        name: `${method.toUpperCase()} ${path}`,
        access: roles.length > 0 ? ("role" as const) : accessOf(security),
        roles,
        parameters,
        body: requestBody?.content["application/json"]?.schema,
        bodyRequired: requestBody?.required ?? false,
        responses: Object.fromEntries(types) as Record<string, string[]>,
      };
    }),
  );
}

function accessOf(security: Record<string, string[]>[]): Operation["access"] {
  if (security.length === 0) return "anyone";
  return security.some((scheme) => Object.keys(scheme).length === 0) ? "optional" : "user";
}
