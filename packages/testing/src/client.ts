import { sendSlowly } from "./send-slowly.ts";

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The parsed body; undefined when it is not JSON. */
  body: unknown;
}

export interface RequestOptions {
  token?: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Uint8Array<ArrayBuffer>;
  /** The body comes in as many pieces, with a pause before each and its length untold. */
  pieces?: number;
}

/** Sends requests to one system the way an application would, or to what `send` leads to. */
export function client(url: string, send: (url: string, init: RequestInit) => Promise<Response> = fetch) {
  const request = async (method: string, path: string, options: RequestOptions = {}): Promise<Answer> => {
    const headers = new Headers(options.headers);
    if (options.token !== undefined) headers.set("authorization", `Bearer ${options.token}`);
    const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    if (body !== undefined && !headers.has("content-type")) headers.set("content-type", "application/json");
    if (body !== undefined && options.pieces !== undefined) {
      return await answerOf(await sendSlowly(url + path, { method, headers, body, pieces: options.pieces }));
    }
    const init: RequestInit = { method, headers, redirect: "manual", signal: AbortSignal.timeout(20_000) };
    if (body !== undefined) init.body = body;
    return await answerOf(await send(url + path, init));
  };
  return {
    request,
    get: (path: string, token?: string) => request("GET", path, withToken(token)),
    post: (path: string, body?: unknown, token?: string) => request("POST", path, { body, ...withToken(token) }),
    put: (path: string, body?: unknown, token?: string) => request("PUT", path, { body, ...withToken(token) }),
    delete: (path: string, token?: string) => request("DELETE", path, withToken(token)),
  };
}

export type Client = ReturnType<typeof client>;

const withToken = (token: string | undefined): RequestOptions => (token === undefined ? {} : { token });

export const isEventStream = ({ headers }: Response): boolean =>
  headers.get("content-type")?.startsWith("text/event-stream") ?? false;

/** Reads an answer whole; of an event stream, which has no end, what comes first. */
export async function answerOf(response: Response): Promise<Answer> {
  const text = await (isEventStream(response) ? beginningOf(response) : response.text());
  return { status: response.status, headers: response.headers, text, body: parsed(text) };
}

async function beginningOf({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  return new TextDecoder().decode(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
