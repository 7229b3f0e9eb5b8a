import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const betweenPieces = 5;
const patience = 20_000;

/**
 * Sends a body in pieces, with a pause before each and its length untold. A server need not wait for
 * the last one before it answers, and may close the connection then: what counts is its answer.
 */
export async function sendSlowly(
  url: string,
  { method, headers, body, pieces }: { method: string; headers: Headers; body: string | Uint8Array; pieces: number },
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const agent = new Agent({ keepAlive: false });
  const sent = request(url, { method, headers: Object.fromEntries(headers), agent, timeout: patience });
  sent.on("response", resolve).on("error", reject);
  sent.on("timeout", () => sent.destroy(new Error(`No answer within ${patience} ms.`)));
  for (const piece of cut(Buffer.from(body), pieces)) {
    await pause(betweenPieces);
    if (!sent.destroyed) sent.write(piece);
  }
  sent.end();
  return await whole(await promise);
}

function cut(bytes: Buffer, pieces: number): Buffer[] {
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

async function whole(answer: IncomingMessage): Promise<Response> {
  const headers = new Headers();
  for (let at = 0; at < answer.rawHeaders.length; at += 2) {
    headers.append(answer.rawHeaders[at] ?? "", answer.rawHeaders[at + 1] ?? "");
  }
  const chunks: Buffer[] = await answer.toArray();
  const status = answer.statusCode ?? 0;
  const mayHaveBody = status !== 204 && status !== 304;
  return new Response(mayHaveBody ? Buffer.concat(chunks) : null, { status, headers });
}
