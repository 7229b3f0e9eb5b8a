import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { z } from "zod";

export interface Upload {
  name: string;
  /** By binding: what it leads to, or its text, with `secret ` before one that nobody is shown again. */
  bindings: Record<string, string>;
}

export interface CloudflareApi {
  /** The environment in which wrangler talks to it. */
  env: Record<string, string>;
  /** Every version that was deployed, in order. */
  uploads: readonly Upload[];
  /** Every queue and bucket that was created, in order. */
  created: readonly string[];
  close(): void;
}

const binding = z.looseObject({
  name: z.string(),
  type: z.string(),
  service: z.string().optional(),
  text: z.string().optional(),
});
const metadata = z.object({ bindings: z.array(binding) });

/**
 * As much of Cloudflare's API as a deployment asks for. Like Cloudflare, it knows no Worker that was
 * not deployed, and refuses one that is bound to such.
 */
export async function startCloudflareApi(
  existing: readonly string[] = [],
  stored: Readonly<Record<Store, readonly string[]>> = { queue: [], bucket: [] },
): Promise<CloudflareApi> {
  const uploads: Upload[] = [];
  const created: string[] = [];
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

    const store = stores.find(({ path }) => pathname.endsWith(path));
    if (store && request.method === "GET") return accept(store.list([...stored[store.kind], ...created]));
    if (store) {
      const name = store.nameIn(body);
      // As Cloudflare does where a list shows but the first page.
      if (created.includes(name) || name.includes("taken")) return refuse(store.taken, `${name} is taken`);
      if (uploads.length > 0) return refuse(0, "It is created after what is bound to it.");
      created.push(name);
      return accept(store.list([name]));
    }

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
  return { env, uploads, created, close: () => server.close() };
}

type Store = "queue" | "bucket";

const named = z.object({ name: z.string().optional(), queue_name: z.string().optional() });
const nameIn = (body: string): string => {
  const { name, queue_name: queue } = named.parse(JSON.parse(body));
  return name ?? queue ?? "";
};
const counts = { producers_total_count: 0, consumers_total_count: 0, producers: [], consumers: [] };

/** What is kept beside the Workers: where, how it is listed, and what the second of a name is answered. */
const stores = [
  {
    kind: "queue",
    path: "/queues",
    nameIn,
    taken: 11009,
    list: (names: string[]): object => names.map((name) => ({ queue_id: name, queue_name: name, ...counts })),
  },
  {
    kind: "bucket",
    path: "/r2/buckets",
    nameIn,
    taken: 10004,
    list: (names: string[]): object => ({ buckets: names.map((name) => ({ name, creation_date: "2026-10-01" })) }),
  },
] as const;

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** The metadata are the first part of the multipart body that wrangler sends, on one line. */
function bindingsOf(body: string): Record<string, string> {
  const line = body.split("\r\n").find((text) => text.startsWith("{")) ?? "{}";
  const { bindings } = metadata.parse(JSON.parse(line));
  return Object.fromEntries(bindings.map((one) => [one.name, meaningOf(one)]));
}

function meaningOf({ type, service, text = "" }: z.output<typeof binding>): string {
  if (service !== undefined) return `worker ${service}`;
  return type === "secret_text" ? `secret ${text}` : text;
}
