import { createServer, type IncomingMessage, type Server } from "node:http";
import { createClient, ErrorReply } from "@redis/client";
import { z } from "zod";

const commands = z.array(z.array(z.union([z.string(), z.number()]).transform(String)));

export interface UpstashProxy {
  url: string;
  token: string;
  stop(): Promise<void>;
}

/**
 * Speaks the part of Upstash's REST protocol that a client of ours uses (`/pipeline`, `/multi-exec`, base64
 * answers, one token), in front of the Redis at `redisUrl`.
 */
export async function startUpstashProxy(redisUrl: string): Promise<UpstashProxy> {
  const client = createClient({ url: redisUrl, RESP: 2, disableClientInfo: true });
  await client.connect();
  const token = crypto.randomUUID();
  const run = async (path: string, batch: string[][]): Promise<[status: number, body: unknown]> => {
    if (path === "/pipeline") {
      const replies = batch.map((command) => client.sendCommand(command).catch((error: unknown) => error));
      return [200, (await Promise.all(replies)).map(replyOf)];
    }
    if (path !== "/multi-exec") return [404, { error: "ERR no such path" }];
    const multi = client.multi();
    for (const command of batch) multi.addCommand(command);
    const replies: unknown = await multi.exec().catch((error: unknown) => error);
    if (Array.isArray(replies)) return [200, replies.map(replyOf)];
    if (hasReplies(replies)) return [200, replies.replies.map(replyOf)];
    return [400, replyOf(replies)];
  };
  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request, token, run).catch(failure);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  return {
    url: `http://127.0.0.1:${await listen(server)}`,
    token,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      client.destroy();
    },
  };
}

type Run = (path: string, batch: string[][]) => Promise<[status: number, body: unknown]>;

async function answer(request: IncomingMessage, token: string, run: Run): Promise<[status: number, body: unknown]> {
  if (request.headers.authorization !== `Bearer ${token}`) return [401, { error: "Unauthorized" }];
  const parsed = commands.safeParse(JSON.parse(await new Response(await bodyOf(request)).text()));
  return parsed.success ? await run(request.url ?? "", parsed.data) : [400, { error: "ERR malformed body" }];
}

const failure = (error: unknown): [status: number, body: unknown] => [500, { error: String(error) }];

async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer<ArrayBuffer>[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

const hasReplies = (error: unknown): error is { replies: unknown[] } =>
  error instanceof Error && "replies" in error && Array.isArray(error.replies);

function replyOf(reply: unknown): { result: unknown } | { error: string } {
  if (reply instanceof ErrorReply || reply instanceof Error) return { error: reply.message };
  return { result: reply === "OK" ? reply : encoded(reply) };
}

function encoded(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(encoded);
  return typeof reply === "string" ? Buffer.from(reply).toString("base64") : reply;
}
