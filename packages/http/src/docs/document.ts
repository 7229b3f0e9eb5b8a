import type { OpenAPIHono } from "@hono/zod-openapi";
import type { HandlerEnv } from "../state.ts";

export interface DocumentInfo {
  title: string;
  version: string;
  description: string;
  /** Where the paths of the document begin. */
  server: string;
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
    description: "A key made at /auth/api-keys; accepted by the router.",
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
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    app.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: info.title, version: info.version, description: info.description },
    servers: [{ url: info.server }],
  });
  return JSON.stringify(document);
}
