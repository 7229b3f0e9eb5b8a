import { access, json, operations } from "@trivet/http";
import { z } from "zod";
import { askServices } from "../ask-services.ts";
import { route } from "../deps.ts";

const report = z.object({
  database: z.enum(["connected", "disconnected"]),
  services: z.record(z.string(), z.enum(["connected", "disconnected"])),
});

export const databaseHealth = route(
  {
    method: "get",
    path: "/health/db",
    summary: "Whether every service that has a database reaches it",
    tags: [operations.name],
    access: access.anyone,
    responses: { 200: json(report, "All do"), 503: json(report, "At least one does not, or does not answer") },
  },
  async (c) => {
    const states = Object.entries(await askServices(c.var.deps.services));
    const services: z.output<typeof report>["services"] = {};
    for (const [name, state] of states) {
      if (state.status === "unreachable" || state.database !== undefined) {
        services[name] = state.database === "connected" ? "connected" : "disconnected";
      }
    }
    const connected = Object.values(services).every((state) => state === "connected");
    const headers = { "cache-control": "no-store" };
    if (connected) return c.json({ database: "connected" as const, services }, 200, headers);
    return c.json({ database: "disconnected" as const, services }, 503, headers);
  },
);
