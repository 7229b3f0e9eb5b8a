import { access, json, operations } from "@trivet/http";
import { z } from "zod";
import { askServices, serviceState } from "../ask-services.ts";
import { route } from "../deps.ts";

export const servicesHealth = route(
  {
    method: "get",
    path: "/health/services",
    summary: "The state of every service",
    tags: [operations.name],
    access: access.anyone,
    responses: {
      200: json(
        z.object({ status: z.enum(["ok", "degraded"]), services: z.record(z.string(), serviceState) }),
        "Each service as it answers now, within a second",
      ),
    },
  },
  async (c) => {
    const states = await askServices(c.var.deps.services);
    const healthy = Object.values(states).every((state) => state.status === "ok");
    return c.json({ status: healthy ? ("ok" as const) : ("degraded" as const), services: states }, 200, {
      "cache-control": "no-store",
    });
  },
);
