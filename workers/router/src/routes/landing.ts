import { access } from "@trivet/http";
import { askServices, type ServiceState } from "../ask-services.ts";
import { type Deps, route } from "../deps.ts";
import { escapeHtml, htmlContent, page, pageHeaders } from "../page.ts";

export const landing = route(
  {
    method: "get",
    path: "/",
    summary: "A page that shows what runs here and where to go",
    tags: ["router"],
    access: access.anyone,
    responses: { 200: htmlContent("The page") },
  },
  async (c) => c.body(await landingPage(c.var.deps), 200, pageHeaders),
);

/** Also what stands below `/_/` until there is a console. */
export async function landingPage({ services, env }: Deps): Promise<string> {
  return page("Trivet", contents(env.PUBLIC_URL, await askServices(services)));
}

const contents = (url: string, states: Record<string, ServiceState>): string => `<h1>Trivet</h1>
<p>One backend on three legs: Cloudflare Workers, Node and Bun.</p>
<h2>Services</h2>
<table>
<tr><th>Service</th><th>Paths</th><th>State</th><th>Documents</th></tr>
${Object.entries(states).map(row).join("\n")}
</table>
<h2>All of it</h2>
<p><a href="/docs">Reference</a> · <a href="/redoc">ReDoc</a> · <a href="/openapi.json">OpenAPI</a> ·
<a href="/health/services">Health</a> · <a href="/metrics">Metrics</a></p>
<h2>A first call</h2>
<pre>curl ${escapeHtml(url)}/users/stats/count</pre>`;

const row = ([name, state]: [string, ServiceState]): string =>
  `<tr><td>${name}</td><td><code>/${name}/*</code></td><td>${state.status}</td>` +
  `<td><a href="/${name}/docs">Reference</a> · <a href="/${name}/redoc">ReDoc</a></td></tr>`;
