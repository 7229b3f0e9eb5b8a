import { pathOf, type ServiceContext } from "@trivet/http";
import { asSent } from "./as-sent.ts";
import { cached } from "./cached.ts";
import { callerOf } from "./caller.ts";
import type { Deps } from "./deps.ts";
import { applyRules, saidOf } from "./header-rules/index.ts";
import { pageHeaders } from "./page.ts";
import { destinationOf } from "./public-path.ts";
import { allowanceHeaders, assertAllowed } from "./rate-limit.ts";
import { landingPage } from "./routes/landing.ts";

/** Answers what the router has no route of its own for; undefined where no service is concerned either. */
export async function routeRequest(c: ServiceContext<Deps>): Promise<Response | undefined> {
  const deps = c.env.deps();
  // Hono's own path is decoded, and a `%5C` or `%20` of it would become another path on its way on.
  const path = pathOf(c.req.url);
  if (c.req.method === "GET" && /^\/_(?:\/|$)/.test(path)) return c.body(await landingPage(deps), 200, pageHeaders);
  const to = destinationOf(path);
  if (!to || !deps.services.has(to.service)) return undefined;
  c.env.route = `/${to.service}/*`;
  const caller = await callerOf(c);
  const allowance = await deps.limits.take(c.req.method, to, caller, deps.invocation);
  assertAllowed(allowance);
  const answer = await asSent(await cached(c, to, caller), to, path);
  const told = withHeaders(answer, allowanceHeaders(allowance));
  applyRules(told.headers, deps.headerRules.forResponse(c.req.method, to), () => saidOf(c, caller));
  return told;
}

function withHeaders(response: Response, headers: Record<string, string>): Response {
  try {
    for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
    return response;
  } catch {
    // On Workers the headers of an answer that came through a binding cannot be written to; a copy's can.
    return withHeaders(new Response(response.body, response), headers);
  }
}
