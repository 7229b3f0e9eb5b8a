import { z } from "zod";
import { access } from "../access/access.ts";
import { json, type RouteContract } from "../contract.ts";
import { health } from "../observe/health.ts";

/** The tag of what is there for those who run a service; documents list it after all others. */
export const operations = {
  name: "operations",
  description: "Health, metrics and documents, which every service has; the same without a prefix where it runs alone.",
};

const common = { method: "get" as const, access: access.anyone, tags: [operations.name] };
const document = z.looseObject({ openapi: z.string(), info: z.looseObject({ title: z.string() }) });
const page = (description: string) => ({ description, content: { "text/html": { schema: z.string() } } });

/** The contracts of what every service answers, below `prefix`. */
export function standardContracts(prefix: "" | `/${string}`, hasDatabase: boolean): RouteContract[] {
  const databaseHealth: RouteContract = {
    ...common,
    path: `${prefix}/health/db`,
    summary: "Whether the database can be reached",
    responses: { 200: json(health, "It can"), 503: json(health, "It cannot") },
  };
  return [
    {
      ...common,
      path: `${prefix}/health`,
      summary: "The state of the service",
      description: "Answers 200 as long as the process does: `degraded` when something it cannot work without is down.",
      responses: { 200: json(health, "The service and each of its parts") },
    },
    {
      ...common,
      path: `${prefix}/ready`,
      summary: "Whether the service can do its work",
      responses: { 200: json(health, "It can"), 503: json(health, "Something it cannot work without is down") },
    },
    ...(hasDatabase ? [databaseHealth] : []),
    {
      ...common,
      path: `${prefix}/metrics`,
      summary: "Measurements in the text format of Prometheus",
      description: "Open in development; elsewhere for whoever has the METRICS_TOKEN that the operator set.",
      security: [{}, { metricsToken: [] }],
      responses: { 200: { description: "All series", content: { "text/plain": { schema: z.string() } } } },
      errors: ["unauthenticated", "forbidden"],
    },
    {
      ...common,
      path: `${prefix}/openapi.json`,
      summary: "This document",
      etag: true,
      responses: { 200: json(document, "OpenAPI 3.1") },
    },
    {
      ...common,
      path: `${prefix}/docs`,
      summary: "This document in Scalar",
      responses: { 200: page("A page to read and try it in") },
    },
    {
      ...common,
      path: `${prefix}/redoc`,
      summary: "This document in ReDoc",
      responses: { 200: page("A page to read it in") },
    },
  ];
}
