import type { OpenAPIHono } from "@hono/zod-openapi";
import type { HandlerEnv } from "../state.ts";
import { headerComponents } from "./headers.ts";
import { problemSchema, refusalComponents } from "./refusals.ts";

export interface DocumentInfo {
  title: string;
  version: string;
  summary: string;
  description: string;
  /** Where the paths of the document begin. */
  server: string;
  /** In the order in which readers show them. */
  tags: { name: string; description: string }[];
}

/** The schemes that `describeRoute` refers to. */
export const securitySchemes = {
  accessToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "`access_token` of /auth/login, /auth/register or /auth/refresh.",
  },
  apiKey: {
    type: "apiKey",
    in: "header",
    name: "x-api-key",
    description:
      "A key made at /auth/api-keys; accepted by the router, which finds out within 30 seconds that one has ended.",
  },
  metricsToken: {
    type: "http",
    scheme: "bearer",
    description: "METRICS_TOKEN, which the operator has set; in development there need not be one.",
  },
  serviceToken: {
    type: "apiKey",
    in: "header",
    name: "x-service-token",
    description: "A JWT by which one service knows another.",
  },
} as const;

/** The OpenAPI 3.1 document of an app's routes. Costly: built once and kept. */
export function buildDocument<Deps>(app: OpenAPIHono<HandlerEnv<Deps>>, info: DocumentInfo): string {
  const { title, version, summary, description, server, tags } = info;
  app.openAPIRegistry.register("Problem", problemSchema);
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title, version, description },
    servers: [{ url: server }],
    tags,
  });
  const responses = refusalComponents(JSON.stringify(document.paths));
  return JSON.stringify({
    ...document,
    // In OpenAPI since 3.1, and unknown to the generator's types.
    info: { ...document.info, summary },
    components: { ...document.components, responses, headers: headerComponents },
  });
}
