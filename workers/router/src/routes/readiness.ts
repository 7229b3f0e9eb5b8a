import { access, json, operations } from "@trivet/http";
import { z } from "zod";
import { askServices, serviceState } from "../ask-services.ts";
import { route } from "../deps.ts";

const report = z.object({
  status: z.enum(["ok", "degraded"]),
  services: z.record(z.string(), serviceState.shape.status),
});

/**
 * While one service can work, requests are to come here: the others' are refused by name, in no time. When
 * none can, as when the database they share is gone, they had better go elsewhere.
 */
export const readiness = route(
  {
    method: "get",
    path: "/ready",
    summary: "Whether at least one service can do its work",
    tags: [operations.name],
    access: access.anyone,
    responses: {
      200: json(report, "At least one can; `degraded` when others cannot"),
      503: json(report, "None can, as when their database is down"),
    },
  },
  async (c) => {
    const asked = Object.entries(await askServices(c.var.deps.services));
    const services = Object.fromEntries(asked.map(([name, { status }]) => [name, status]));
    const states = Object.values(services);
    const status = states.every((state) => state === "ok") ? ("ok" as const) : ("degraded" as const);
    const headers = { "cache-control": "no-store" };
    if (states.includes("ok")) return c.json({ status, services }, 200, headers);
    return c.json({ status, services }, 503, headers);
  },
);
