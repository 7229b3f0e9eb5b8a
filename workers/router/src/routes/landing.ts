import { access } from "@trivet/http";
import { runtimeName } from "@trivet/platform";
import { askServices, type ServiceState } from "../ask-services.ts";
import { type Deps, route } from "../deps.ts";
import { escapeHtml, htmlContent, page, pageHeaders } from "../page.ts";

export const landing = route(
  {
    method: "get",
    path: "/",
    operationId: "getLandingPage",
    summary: "A page that shows what runs here and where to go",
    tags: ["router"],
    access: access.anyone,
    responses: { 200: htmlContent("The page") },
  },
  async (c) => c.body(await landingPage(c.var.deps), 200, pageHeaders),
);

/** Also what stands below `/_/` until there is a console. */
export async function landingPage({ services, env }: Deps): Promise<string> {
  return page("Trivet", contents(env.PUBLIC_URL, Object.entries(await askServices(services))));
}

const legs: Record<string, string> = { workerd: "Workers", node: "Node", bun: "Bun" };

/** A stand on three legs, as the project is named after. */
const mark = `<svg viewBox="0 0 48 48" fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round" aria-hidden="true">
<ellipse cx="24" cy="13" rx="18" ry="7"/><path d="M9 17 5 41M24 20v24M39 17l4 24"/></svg>`;

const contents = (url: string, states: [string, ServiceState][]): string => `<header>${mark}<div><h1>Trivet</h1>
<p class="soft">One backend on three legs: Cloudflare Workers, Node and Bun. This one stands on ${legs[runtimeName()] ?? "another"}.</p></div></header>
<h2>Services</h2>
<p>${overall(states)}</p>
<ul class="cards">
${states.map(card).join("\n")}
</ul>
<h2>Read</h2>
<p class="links"><a href="/docs">Reference</a> <a href="/redoc">The same in ReDoc</a> <a href="/openapi.json">OpenAPI 3.1</a>
<a href="/asyncapi.json">Events in AsyncAPI 3.0</a></p>
<h2>Watch</h2>
<p class="links"><a href="/health/services">State of all services</a> <a href="/health/db">Databases</a>
<a href="/events/console">Events</a> <a href="/ready">Readiness</a> <a href="/metrics">Metrics</a></p>
<h2>Call</h2>
<pre>${escapeHtml(firstCalls(url))}</pre>`;

function overall(states: readonly [string, ServiceState][]): string {
  const well = states.filter(([, { status }]) => status === "ok").length;
  if (states.length === 0) return "No service is bound to this router.";
  if (well === states.length) return '<span class="state ok">All of them are well.</span>';
  return `<span class="state degraded">${well} of ${states.length} are well.</span>`;
}

function card([name, state]: [string, ServiceState]): string {
  const facts = [
    ["Paths", `<code>/${name}/*</code>`],
    ["Version", state.version && escapeHtml(state.version)],
    ["Database", state.database],
    ["Answered in", state.status === "unreachable" ? undefined : `${state.latency_ms} ms`],
  ].flatMap(([term, text]) => (text === undefined ? [] : `<dt>${term}</dt><dd>${text}</dd>`));
  return `<li class="${state.status}"><div class="head"><h3>${name}</h3><span class="state">${state.status}</span></div>
<dl>${facts.join("")}</dl>
<p class="links"><a href="/${name}/docs">Reference</a> <a href="/${name}/redoc">ReDoc</a> <a href="/${name}/health">Health</a></p></li>`;
}

const firstCalls = (url: string): string => `curl ${url}/users/stats/count

curl ${url}/auth/register -H 'content-type: application/json' \\
  -d '{"email":"ada@example.com","username":"ada","password":"correct horse battery"}'`;
