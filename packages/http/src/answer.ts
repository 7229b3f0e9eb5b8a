import {
  beforeDeadline,
  type Invocation,
  type InvocationContext,
  type Logger,
  type SpanAttributes,
  TrivetError,
} from "@trivet/platform";
import type { ServiceEnv } from "./env.ts";
import { failureOf } from "./fault.ts";
import { swallowBody, type Uploading, withWatchedBody } from "./input/upload.ts";
import { beginInvocation, type DeadlineClock, deadlineOf, Work } from "./invocation.ts";
import type { Mounted } from "./mounted.ts";
import { beginOwnSpan } from "./observe/spans.ts";
import { problemResponse } from "./output/problem.ts";
import { pathOf } from "./path.ts";
import { requestState } from "./request-state.ts";
import { sendReport } from "./send-report.ts";

const methods = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/**
 * Answers one request: makes its invocation, lets the app answer before the deadline, turns failures
 * into problems, and leaves one log line and one histogram sample.
 */
export async function answer<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  request: Request,
  ctx: InvocationContext,
): Promise<Response> {
  const started = performance.now();
  const { service, metrics } = mounted;
  metrics.requests.begun();
  const work = new Work(ctx);
  const uploading: Uploading = { current: undefined };
  const deadline = await deadlineOf(request, mounted.serviceTokens, uploading);
  const invocation = beginInvocation(mounted, request, work, deadline);
  const endSpan = beginOwnSpan(invocation, "server");
  const state = requestState(mounted, invocation, uploading);
  const path = pathOf(request.url);
  let response: Response;
  let failure: Record<string, unknown> = {};
  try {
    assertMethod(request.method);
    assertReadable(path, request.url);
    const early = service.before?.(request, mounted.env);
    const watched = early || service.watchesBodies ? request : withWatchedBody(request, uploading);
    const answered = early ?? (await inTime(mounted.app.fetch(watched, state, executionContext(ctx)), deadline));
    response = await work.hold(state.sealAnswer ? await state.sealAnswer(answered) : answered);
  } catch (error) {
    // Whoever reads a body that breaks off may make another error of it.
    const { fault, told } = failureOf(uploading.current?.fault ?? error, mounted);
    failure = told;
    const problem = problemResponse(fault, path, invocation.requestId);
    response = request.method === "HEAD" ? new Response(null, problem) : problem;
    if (state.sealAnswer) response = await state.sealAnswer(response);
  }
  // At the deadline of who asked, nobody waits for it any longer.
  if (response.status >= 400 && Date.now() < deadline()) await swallowBody(request, uploading);
  response = withHeader(response, "x-request-id", invocation.requestId);
  service.decorate?.(response.headers, request, mounted.env);
  const seconds = (performance.now() - started) / 1_000;
  const method = methods.has(request.method) ? request.method : "OTHER";
  const route = state.route ?? "unmatched";
  metrics.requests.ended(method, route, response.status, seconds);
  report(mounted, work, { method, route, status: response.status, ms: seconds * 1_000 });
  const line = { method: request.method, path, route, status: response.status, ms: seconds * 1_000 };
  logRequest(mounted.log, invocation, line, failure);
  endSpan(`${method} ${route}`, requestAttributes(line), response.status >= 500 ? String(response.status) : undefined);
  work.finish();
  return response;
}

function report<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  work: Work,
  { method, route, status, ms }: Omit<RequestLine, "path">,
): void {
  const { reports } = mounted;
  if (!reports) return;
  const now = Date.now();
  reports.count(method, route, status, ms, now);
  if (reports.isDue(now)) work.waitUntil(sendReport(mounted, reports, work));
}

/** The answer, or `deadline_exceeded` when it does not come in time; one that comes later is thrown away. */
async function inTime(work: Response | Promise<Response>, deadline: DeadlineClock): Promise<Response> {
  if (work instanceof Response) return work;
  const discard = (): void => {
    work.then(
      (response) => response.body?.cancel(),
      () => undefined,
    );
  };
  return await beforeDeadline(work, deadline, discard);
}

/** Methods that Fetch forbids: no request of them can be led on, and nothing here answers them. */
const forbiddenMethods = new Set(["CONNECT", "TRACE", "TRACK"]);

function assertMethod(method: string): void {
  if (!forbiddenMethods.has(method)) return;
  const allow = [...methods].join(", ");
  throw new TrivetError("method_not_allowed", `No address here answers ${method}.`, { headers: { allow } });
}

/** Refuses a path or query that cannot be read as UTF-8 text or that no database could store. */
function assertReadable(path: string, url: string): void {
  if (!url.includes("%")) return;
  try {
    const query = url.slice(url.indexOf("?") + 1 || url.length).replaceAll("+", " ");
    if (!(decodeURIComponent(path) + decodeURIComponent(query)).includes("\u0000")) return;
  } catch {
    // Refused below.
  }
  throw new TrivetError("malformed_request", "The address must be percent-encoded UTF-8 without NUL characters.");
}

interface RequestLine {
  method: string;
  path: string;
  route: string;
  status: number;
  ms: number;
}

/** https://opentelemetry.io/docs/specs/semconv/http/http-spans/. The path stands without its query, which may hold a token. */
const requestAttributes = ({ method, path, route, status }: RequestLine): SpanAttributes => ({
  "http.request.method": methods.has(method) ? method : "_OTHER",
  "url.path": path,
  "http.route": route,
  "http.response.status_code": status,
  ...(status >= 500 && { "error.type": String(status) }),
});

/** One line a request, with what made it fail. The path stands without its query, which may hold a token. */
function logRequest(
  log: Logger,
  { actor, requestId, trace }: Invocation,
  line: RequestLine,
  failure: Record<string, unknown>,
): void {
  const level = line.status >= 500 ? "error" : "info";
  if (!log.isEnabledFor(level)) return;
  log[level]("{method} {path} {status} {ms} ms", {
    ...line,
    ms: Math.round(line.ms * 100) / 100,
    actor: actor.kind,
    ...("id" in actor && { user_id: actor.id }),
    ...("impersonatedBy" in actor && { impersonated_by: actor.impersonatedBy }),
    request_id: requestId,
    trace_id: trace.traceId,
    span_id: trace.spanId,
    ...failure,
  });
}

/** Headers of an answer that came from elsewhere (assets, another Worker) cannot be written to. */
function withHeader(response: Response, name: string, value: string): Response {
  try {
    response.headers.set(name, value);
    return response;
  } catch {
    const copy = new Response(response.body, response);
    copy.headers.set(name, value);
    return copy;
  }
}

/** Hono asks for Cloudflare's whole context; a service of ours only ever uses `waitUntil`. */
const executionContext = (ctx: InvocationContext) => ({
  waitUntil: (promise: Promise<unknown>) => ctx.waitUntil(promise),
  passThroughOnException: () => {},
  props: {},
});
