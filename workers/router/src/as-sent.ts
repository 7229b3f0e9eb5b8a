import { z } from "zod";
import type { Destination } from "./public-path.ts";

/**
 * The answer in terms of the path that the client sent, where a service was asked for another one: the
 * `instance` of a refusal and the `Link` to a further page. Answers to plain paths pass untouched.
 */
export async function asSent(response: Response, to: Destination, path: string): Promise<Response> {
  if (path === to.path) return response;
  const link = response.headers.get("link");
  if (link?.startsWith(`<${to.path}?`)) {
    const copy = new Response(response.body, response);
    copy.headers.set("link", `<${path}${link.slice(to.path.length + 1)}`);
    return copy;
  }
  if (response.headers.get("content-type") !== "application/problem+json") return response;
  const text = await response.text();
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(withInstance(text, path), { status: response.status, headers });
}

const problem = z.looseObject({ instance: z.string() });

/** What a service says beside it is its own affair; what is no problem document stays as it is. */
function withInstance(text: string, path: string): string {
  try {
    return JSON.stringify({ ...problem.parse(JSON.parse(text)), instance: path });
  } catch {
    return text;
  }
}
