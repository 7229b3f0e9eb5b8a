import { lateAfter, type ServiceContext, type Upload } from "@trivet/http";
import { type Breaker, beforeDeadline, mintServiceToken, type ServiceBinding, TrivetError } from "@trivet/platform";
import { cappedBody } from "./body-cap.ts";
import type { Caller } from "./caller.ts";
import type { Deps } from "./deps.ts";
import { forwardedHeaders, withoutHop } from "./headers.ts";
import type { Destination } from "./public-path.ts";

/** RFC 9110, 9.2.2, without PUT and DELETE: their bodies and effects are the client's to repeat. */
const repeatable = new Set(["GET", "HEAD", "OPTIONS"]);
/** Answers that say the service did not do the work. */
const outages = new Set([502, 503, 504]);
const attempts = 2;
/** What a service answers as long as it lives: asked also while its circuit is open, and no sign of either. */
const alwaysAnswered = /^\/[a-z\d-]+\/(?:health|ready|metrics|docs|redoc|openapi\.json|\.well-known)(?:\/|$)/;

/**
 * Sends a request on to its service and the answer back, both as streams. A service that keeps
 * failing is not asked for a while; the others do not notice.
 */
export async function forward(c: ServiceContext<Deps>, to: Destination, caller: Caller): Promise<Response> {
  const { services, breakers, env } = c.env.deps();
  const binding = services.get(to.service);
  const breaker = breakers.get(to.service);
  if (!binding || !breaker) throw new TrivetError("not_found");
  const { raw } = c.req;
  const body = cappedBody(c);
  const deadline = Date.now() + env.REQUEST_TIMEOUT_MS;
  const headers = forwardedHeaders(raw.headers, {
    invocation: c.env.invocation,
    // Not while a body is on its way: how long that takes is the client's affair, not the service's.
    deadline: body ? undefined : deadline,
    serviceToken: await mintServiceToken("router", to.service, env.SERVICE_JWT_SECRET),
    clientAddress: caller.address,
    accessToken: caller.exchangedToken,
  });
  if (!body) headers.delete("content-length");
  const url = `http://${to.service}${to.path}${queryOf(raw.url)}`;
  const request = { url, headers, body, deadline, patience: env.REQUEST_TIMEOUT_MS };
  const isProbe = alwaysAnswered.test(to.path);
  const tries = repeatable.has(raw.method) && !body ? attempts : 1;
  for (let attempt = 1; ; attempt += 1) {
    if (!isProbe && !breaker.admits()) throw openCircuit(to.service, breaker);
    const outcome = await ask(binding, raw, request).catch((cause: unknown) => cause);
    if (body?.fault) throw body.fault;
    const answered = outcome instanceof Response && !outages.has(outcome.status);
    if (!answered && raw.signal.aborted) throw new TrivetError("client_closed_request", undefined, { cause: outcome });
    if (!isProbe) breaker[answered ? "succeeded" : "failed"]();
    if (answered) return withoutHop(outcome);
    if (attempt === tries || Date.now() >= deadline) return failure(to.service, outcome);
    if (outcome instanceof Response) await outcome.body?.cancel();
  }
}

interface Forwarded {
  url: string;
  headers: Headers;
  body: Upload | undefined;
  /** Unix milliseconds; of a request without a body. */
  deadline: number;
  /** Milliseconds the service has until its answer begins. */
  patience: number;
}

/** The answer, or `deadline_exceeded` unless it begins in time. Ends with the client, also while it streams. */
async function ask(binding: ServiceBinding, client: Request, to: Forwarded): Promise<Response> {
  const stop = new AbortController();
  client.signal.throwIfAborted();
  client.signal.addEventListener("abort", () => stop.abort(client.signal.reason), { once: true });
  const init: RequestInit & { duplex?: "half" } = {
    method: client.method,
    headers: to.headers,
    redirect: "manual",
    signal: stop.signal,
  };
  const { body, deadline, patience } = to;
  if (body) Object.assign(init, { body: body.stream, duplex: "half" });
  const answer = binding.fetch(new Request(to.url, init));
  try {
    return await beforeDeadline(answer, body ? () => lateAfter(body, patience) : deadline);
  } catch (fault) {
    stop.abort();
    throw fault;
  }
}

/** The service's own words where it has said any. */
function failure(service: string, outcome: unknown): Response {
  if (outcome instanceof Response) return withoutHop(outcome);
  if (outcome instanceof TrivetError) throw outcome;
  throw new TrivetError("unavailable", `The ${service} service cannot be reached.`, { cause: outcome, retryAfter: 1 });
}

const openCircuit = (service: string, breaker: Breaker): TrivetError =>
  new TrivetError("unavailable", `The ${service} service is not answering and is given time to recover.`, {
    retryAfter: breaker.retryAfter,
  });

function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start === -1 ? "" : url.slice(start);
}
