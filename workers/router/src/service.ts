import { defineService } from "@trivet/http";
import { addCorsHeaders, preflight } from "./cors.ts";
import { deps } from "./deps.ts";
import { env } from "./env.ts";
import { routeRequest } from "./route-request.ts";
import { databaseHealth } from "./routes/database-health.ts";
import { landing } from "./routes/landing.ts";
import { problem } from "./routes/problem.ts";
import { servicesHealth } from "./routes/services-health.ts";
import { addSecurityHeaders } from "./security-headers.ts";

export const router = defineService({
  name: "router",
  version: "0.1.0",
  summary: "The public door: leads every request to its service, within limits and in time",
  env,
  deps,
  routes: [landing, problem, servicesHealth, databaseHealth],
  before: preflight,
  decorate: (headers, request, { CORS_ORIGINS, PUBLIC_URL }) => {
    addSecurityHeaders(headers, PUBLIC_URL);
    addCorsHeaders(headers, request, CORS_ORIGINS);
  },
  document: async (c) => {
    const { documents, services, env } = c.env.deps();
    return documents.merged(services, env.PUBLIC_URL, c.env.invocation.log);
  },
  watchesBodies: true,
  fallback: routeRequest,
});
