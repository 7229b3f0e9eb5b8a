import { access, json } from "@trivet/http";
import { z } from "zod";
import { asKept, purge } from "../cache/index.ts";
import { route } from "../deps.ts";

const purged = z.object({
  purged: z.int().nonnegative().meta({ description: "Addresses that had something kept in the process that answered" }),
  reaches: z.enum(["all processes", "this process"]),
  detail: z.string().meta({ description: "What of it holds elsewhere, and from when on" }),
});

const everywhere = "The other processes forget it when they next look, within two seconds of being asked for it.";
const here = "Other processes and isolates cannot be told: there what is kept ends with its lifetime.";

export const purgeCache = route(
  {
    method: "post",
    path: "/cache/purge",
    summary: "Forget answers of services that are kept",
    description:
      "By address, by what addresses begin with, or by the tags that services have named in `Cache-Tag`. For " +
      "administrators, and for services, which send `x-service-token`.",
    tags: ["router"],
    access: access.roleOrService("admin"),
    request: { body: json(purge) },
    responses: { 200: json(purged, "What has been forgotten, and where") },
    errors: ["payload_too_large", "unsupported_media_type", "unauthenticated", "forbidden", "service_token_invalid"],
  },
  async (c) => {
    const { cache } = c.var.deps;
    const { purged, shared } = await cache.purge(asKept(c.req.valid("json")));
    const reaches = shared ? ("all processes" as const) : ("this process" as const);
    return c.json({ purged, reaches, detail: shared ? everywhere : here }, 200, { "cache-control": "no-store" });
  },
);
