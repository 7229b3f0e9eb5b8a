import { lateAfter, type ServiceContext, type Upload } from "@trivet/http";
import {
  backoff,
  beforeDeadline,
  beginSpan,
  endHop,
  isFinal,
  isOfOneReplica,
  isOutage,
  mintServiceToken,
  propagateTrace,
  type ServiceBinding,
  TrivetError,
  type Upstream,
} from "@trivet/platform";
import { cappedBody } from "./body-cap.ts";
import type { Caller } from "./caller.ts";
import type { Deps } from "./deps.ts";
import { applyRules, saidOf } from "./header-rules/index.ts";
import { forwardedHeaders, withoutHop } from "./headers.ts";
import type { Destination } from "./public-path.ts";

/** RFC 9110, 9.2.2, without PUT and DELETE: their bodies and effects are the client's to repeat. */
const repeatable = new Set(["GET", "HEAD", "OPTIONS"]);
const attempts = 2;
/** What a service answers as long as it lives: asked also while its circuit is open, and no sign of either. */
const alwaysAnswered = /^\/[a-z\d-]+\/(?:health|ready|metrics|docs|redoc|openapi\.json|\.well-known)(?:\/|$)/;

/** What is led on: the client's request, or one that the router makes of it. */
export type Sent = Pick<Request, "method" | "headers" | "signal">;

/**
 * Sends a request on to its service and the answer back, both as streams. A service that keeps
 * failing is not asked for a while; the others do not notice.
 */
export async function forward(
  c: ServiceContext<Deps>,
  to: Destination,
  caller: Caller,
  sent: Sent = c.req.raw,
): Promise<Response> {
  const { services, env } = c.env.deps();
  const binding = services.get(to.service);
  if (!binding) throw new TrivetError("not_found");
  const upstream = c.env.invocation.upstreams.of(to.service);
  const body = await cappedBody(c);
  const upload = isUpload(body) ? body : undefined;
  const deadline = Date.now() + env.REQUEST_TIMEOUT_MS;
  const url = `http://${to.service}${to.path}${queryOf(c.req.url)}`;
  const message = { url, body, deadline, patience: env.REQUEST_TIMEOUT_MS };
  const isProbe = alwaysAnswered.test(to.path);
  const tries = repeatable.has(sent.method) && !body ? attempts : 1;
  for (let attempt = 1; ; attempt += 1) {
    // Before anything is made for a service that is not asked.
    if (!isProbe && !upstream.breaker.admits()) throw openCircuit(upstream);
    const headers = await headersFor(c, to, caller, sent, message);
    const span = beginSpan(c.env.invocation, "client", `${sent.method} ${to.service}`);
    propagateTrace(span.trace, headers);
    const send = () => ask(binding, sent, { ...message, headers });
    // An upload holds no slot: how long it takes is the client's affair, and others would wait for it.
    const answer = upload ? send() : upstream.within(send);
    if (!answer) throw crowded(upstream);
    const outcome = await answer.catch((cause: unknown) => cause);
    endHop(span, { method: sent.method, service: to.service, attempt }, outcome);
    if (upload?.fault) throw upload.fault;
    const answered = outcome instanceof Response && (!isOutage(outcome) || isFinal(outcome));
    if (!answered && sent.signal.aborted) throw new TrivetError("client_closed_request", undefined, { cause: outcome });
    if (!isProbe && !isOfOneReplica(outcome)) upstream[answered ? "succeeded" : "failed"]();
    if (answered) return withoutHop(outcome);
    const pause = backoff(attempt);
    const again = attempt < tries && upstream.retries.allows && Date.now() + pause < deadline;
    if (!again) return failure(to.service, outcome);
    if (outcome instanceof Response) await outcome.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function headersFor(
  c: ServiceContext<Deps>,
  to: Destination,
  caller: Caller,
  sent: Sent,
  { body, deadline }: Message,
): Promise<Headers> {
  const { env, headerRules } = c.env.deps();
  const headers = forwardedHeaders(sent.headers, {
    invocation: c.env.invocation,
    // Not while a body is on its way: how long that takes is the client's affair, not the service's.
    deadline: isUpload(body) ? undefined : deadline,
    serviceToken: await mintServiceToken("router", to.service, env.SERVICE_JWT_SECRET),
    clientAddress: caller.address,
    accessToken: caller.exchangedToken,
  });
  if (!body) headers.delete("content-length");
  applyRules(headers, headerRules.forRequest(sent.method, to), () => saidOf(c, caller));
  return headers;
}

interface Message {
  url: string;
  body: ArrayBuffer | Upload | undefined;
  /** Unix milliseconds; of a request whose body is not still on its way. */
  deadline: number;
  /** Milliseconds the service has until its answer begins. */
  patience: number;
}

const isUpload = (body: Message["body"]): body is Upload => body !== undefined && "stream" in body;

/** The answer, or `deadline_exceeded` unless it begins in time. Ends with the client, also while it streams. */
async function ask(binding: ServiceBinding, client: Sent, to: Message & { headers: Headers }): Promise<Response> {
  const stop = new AbortController();
  client.signal.throwIfAborted();
  stopWith(client.signal, stop);
  const init: RequestInit & { duplex?: "half" } = {
    method: client.method,
    headers: to.headers,
    redirect: "manual",
    signal: stop.signal,
  };
  const { body, deadline, patience } = to;
  if (isUpload(body)) Object.assign(init, { body: body.stream, duplex: "half" });
  else if (body) init.body = body;
  const answer = binding.fetch(new Request(to.url, init));
  try {
    return await beforeDeadline(answer, isUpload(body) ? () => lateAfter(body, patience) : deadline);
  } catch (fault) {
    stop.abort();
    throw fault;
  }
}

/**
 * The listener has a scope of its own, without the request: Node keeps the signal of every request it makes until
 * that request is gone, which it never would be if its own signal led back to it.
 */
function stopWith(signal: AbortSignal, stop: AbortController): void {
  signal.addEventListener("abort", () => stop.abort(signal.reason), { once: true });
}

/** The service's own words where it has said any. */
function failure(service: string, outcome: unknown): Response {
  if (outcome instanceof Response) return withoutHop(outcome);
  if (outcome instanceof TrivetError) throw outcome;
  throw new TrivetError("unavailable", `The ${service} service cannot be reached.`, { cause: outcome, retryAfter: 1 });
}

const openCircuit = ({ name, breaker }: Upstream): TrivetError =>
  new TrivetError("unavailable", `The ${name} service is not answering and is given time to recover.`, {
    retryAfter: breaker.retryAfter,
  });

const crowded = ({ name }: Upstream): TrivetError =>
  new TrivetError("unavailable", `As many requests as may wait for the ${name} service are waiting.`, {
    retryAfter: 1,
  });

export function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start === -1 ? "" : url.slice(start);
}
