import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { z } from "zod";

export interface Upload {
  name: string;
  /** By binding: what it leads to, or its text. */
  bindings: Record<string, string>;
}

export interface CloudflareApi {
  /** The environment in which wrangler talks to it. */
  env: Record<string, string>;
  /** Every version that was deployed, in order. */
  uploads: readonly Upload[];
  close(): void;
}

const metadata = z.object({
  bindings: z.array(z.looseObject({ name: z.string(), service: z.string().optional(), text: z.string().optional() })),
});

/**
 * As much of Cloudflare's API as a deployment asks for. Like Cloudflare, it knows no Worker that was
 * not deployed, and refuses one that is bound to such.
 */
export async function startCloudflareApi(existing: readonly string[] = []): Promise<CloudflareApi> {
  const uploads: Upload[] = [];
  const there = new Set(existing);
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://api");
    const body = await textOf(request);
    const answer = (status: number, value: object) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    };
    const accept = (result: object) => answer(200, { success: true, errors: [], messages: [], result });
    const refuse = (code: number, message: string) =>
      answer(404, { success: false, errors: [{ code, message }], messages: [], result: null });

    const [, kind, name = "", part] = /\/workers\/(\w+)\/([\w-]+)(?:\/(\w+))?$/.exec(pathname) ?? [];
    // A first upload is a PUT of the Worker, a later one a POST of a version.
    if (kind === "scripts" && (request.method === "PUT" || (request.method === "POST" && part === "versions"))) {
      const upload = { name, bindings: bindingsOf(body) };
      const missing = Object.values(upload.bindings).find(
        (target) => target.startsWith("worker ") && !there.has(target.slice(7)),
      );
      if (missing !== undefined) return refuse(10143, `${name} is bound to the ${missing}, which was not found.`);
      uploads.push(upload);
      there.add(name);
      const script = { etag: "1", handlers: ["fetch"] };
      return accept({
        id: name,
        startup_time_ms: 1,
        deployment_id: "1",
        entry_point: "worker.js",
        resources: { script },
      });
    }
    if (kind === "services" && !there.has(name)) return refuse(10090, "workers.api.error.service_not_found");
    if (part === "deployments" && !there.has(name)) return refuse(10007, "This Worker does not exist on your account.");
    if (kind === "services") return accept({ default_environment: { script: { last_deployed_from: "wrangler" } } });
    if (part === "secrets") return accept([]);
    return accept({ deployments: [], enabled: false, previews_enabled: false, subdomain: "toy" });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const env = {
    CLOUDFLARE_API_BASE_URL: `http://127.0.0.1:${port}`,
    CLOUDFLARE_API_TOKEN: "a-token-of-nobody",
    CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef",
  };
  return { env, uploads, close: () => server.close() };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** The metadata are the first part of the multipart body that wrangler sends, on one line. */
function bindingsOf(body: string): Record<string, string> {
  const line = body.split("\r\n").find((text) => text.startsWith("{")) ?? "{}";
  const { bindings } = metadata.parse(JSON.parse(line));
  return Object.fromEntries(
    bindings.map(({ name, service, text }) => [name, service === undefined ? (text ?? "") : `worker ${service}`]),
  );
}
