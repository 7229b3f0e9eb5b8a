import { conventions, defineService } from "@trivet/http";
import { addCorsHeaders, preflight } from "./cors.ts";
import { deps, memoryOf } from "./deps.ts";
import { env } from "./env.ts";
import { limitsInWords } from "./limits.ts";
import { otherNames } from "./public-path.ts";
import { routeRequest } from "./route-request.ts";
import { databaseHealth } from "./routes/database-health.ts";
import { landing } from "./routes/landing.ts";
import { problem } from "./routes/problem.ts";
import { purgeCache } from "./routes/purge-cache.ts";
import { readiness } from "./routes/readiness.ts";
import { servicesHealth } from "./routes/services-health.ts";
import { addSecurityHeaders } from "./security-headers.ts";

const title = "Trivet API";
const version = "0.1.0";

export const router = defineService({
  name: "router",
  version,
  summary: "The public door: leads every request to its service, within limits and in time",
  env,
  deps,
  routes: [landing, problem, servicesHealth, databaseHealth, readiness, purgeCache],
  measures: (bindings) => memoryOf(bindings).cache.measures(),
  before: preflight,
  decorate: (headers, request, { CORS_ORIGINS, PUBLIC_URL }) => {
    addSecurityHeaders(headers, PUBLIC_URL);
    addCorsHeaders(headers, request, CORS_ORIGINS);
  },
  atDoor: true,
  title,
  document: async (c, own) => {
    const { documents, services, env } = c.env.deps();
    const description = conventions(limitsInWords(env), otherNames(services));
    const heading = { title, version, description, server: env.PUBLIC_URL };
    return documents.merged(services, own, heading, c.env.invocation.log);
  },
  watchesBodies: true,
  fallback: routeRequest,
});
