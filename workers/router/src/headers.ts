import { endToEnd, finalHeader, type Invocation } from "@trivet/platform";

/** What only insiders may say, and what the next hop is told anew; from outside it is dropped. */
const dropped = new Set([
  "cf-connecting-ip",
  "forwarded",
  "host",
  "x-api-key",
  "x-client-ip",
  "x-request-deadline",
  "x-service-token",
  // Each try has its own, which continue the client's.
  "traceparent",
  "tracestate",
]);

/** What proxies say of the way a request has come: `x-client-ip` tells what is known of it, and the rest is hearsay. */
const hearsay =
  /^(?:x-forwarded-.*|x-original-.*|x-rewrite-url|x-real-ip|true-client-ip|x-http-method.*|x-method-override|cf-.*|cdn-loop)$/;

/** Tells the headers of a request that its service gets. */
export function forwards(connection: string | null): (name: string) => boolean {
  const passes = endToEnd(connection);
  return (name) => passes(name) && !dropped.has(name) && !hearsay.test(name);
}

export interface Forwarding {
  invocation: Invocation;
  /** Unix milliseconds. */
  deadline: number | undefined;
  serviceToken: string;
  clientAddress: string;
  /** The token an API key was exchanged for. */
  accessToken: string | undefined;
}

/** The headers a service gets: the client's without what it may not say, and the router's own, less those of each try. */
export function forwardedHeaders(from: Headers, forwarding: Forwarding): Headers {
  const headers = new Headers();
  const isForwarded = forwards(from.get("connection"));
  from.forEach((value, name) => {
    if (isForwarded(name)) headers.append(name, value);
  });
  headers.set("x-request-id", forwarding.invocation.requestId);
  if (forwarding.deadline !== undefined) headers.set("x-request-deadline", String(forwarding.deadline));
  headers.set("x-service-token", forwarding.serviceToken);
  headers.set("x-client-ip", forwarding.clientAddress);
  if (forwarding.accessToken !== undefined) headers.set("authorization", `Bearer ${forwarding.accessToken}`);
  return headers;
}

/** The service's answer without what speaks of its connection, and what only insiders ask of one another. */
export function withoutHop(response: Response): Response {
  const passes = endToEnd(response.headers.get("connection"));
  const names = [...response.headers.keys()].filter((name) => name === finalHeader || !passes(name));
  if (names.length === 0) return response;
  // A copy, because the headers of an answer that came over a network are read-only.
  const copy = new Response(response.body, response);
  for (const name of names) copy.headers.delete(name);
  return copy;
}
