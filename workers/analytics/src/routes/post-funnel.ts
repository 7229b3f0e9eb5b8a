import { access, json } from "@trivet/http";
import { route } from "../deps.ts";
import { readFunnel } from "../explore/read-funnel.ts";
import { funnel, funnelQuestion } from "../schemas.ts";

export const postFunnel = route(
  {
    method: "post",
    path: "/analytics/funnels",
    summary: "How many take some steps in order",
    description:
      "Asks and changes nothing. Steps are taken within the range, in their order, at whatever distance. Visitors without an account are known for a day, so theirs are the steps of one day.",
    access: access.role("admin"),
    request: { body: json(funnelQuestion) },
    responses: { 200: json(funnel, "Who came as far as each step") },
  },
  async (c) => c.json(await readFunnel(c.var.deps, c.req.valid("json")), 200),
);
