import {
  anonymous,
  continueTrace,
  type Invocation,
  type InvocationContext,
  type JobActor,
  type Logger,
  newTrace,
  type TraceContext,
} from "@trivet/platform";
import { type ServiceTokens, verifyServiceToken } from "./access/service-token.ts";
import type { ServiceEnv } from "./env.ts";
import { lateAfter, type Uploading } from "./input/upload.ts";
import type { Mounted } from "./mounted.ts";
import type { InvocationSpans } from "./observe/spans.ts";

/** Milliseconds until an answer begins when nobody upstream set a deadline, and the most anyone may ask for. */
const longestRequest = 30_000;

/** Unix milliseconds; asked anew each time, because it moves on while a body comes in. */
export type DeadlineClock = () => number;

/** An invocation whose spans are sent off when it ends. */
export interface Traced extends Invocation {
  spans: InvocationSpans | undefined;
}

const requestIdForm = /^[\w.:-]{1,128}$/;
const deadlineForm = /^\d{1,15}$/;
const jsonType = /^application\/(?:[\w.-]+\+)?json\b/;

/**
 * When nobody waits for the answer any more: what another service says, if it shows that it is one.
 * Anybody else could make us stop in the middle of our work. Where nobody says, time that is spent on waiting for the
 * client's body does not count: how long a large one takes is the client's affair, and silence ends it.
 */
export async function deadlineOf(
  { headers }: Request,
  tokens: ServiceTokens,
  uploading: Uploading,
): Promise<DeadlineClock> {
  const latest = Date.now() + longestRequest;
  const own = () => (uploading.current ? lateAfter(uploading.current, longestRequest) : latest);
  const asked = headers.get("x-request-deadline");
  const token = headers.get("x-service-token");
  if (asked === null || token === null || !deadlineForm.test(asked)) return own;
  const insider = await verifyServiceToken(token, tokens).catch(() => undefined);
  const given = Math.min(Number(asked), latest);
  return insider ? () => given : own;
}

/** The invocation of a request: continues its trace and keeps its id where it brought them. */
export function beginInvocation<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  request: Request,
  work: Work,
  deadline: DeadlineClock,
): Traced {
  const given = request.headers.get("x-request-id");
  const requestId = given !== null && requestIdForm.test(given) ? given : crypto.randomUUID();
  const trace = continueTrace(request.headers, mounted.tracing?.part);
  return invocationOf(mounted, work, { requestId, trace, deadline, actor: anonymous });
}

/** The invocation of work that nobody waits for: it begins a trace of its own, unless it continues somebody's. */
export function beginJob<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  name: string,
  work: Work,
  deadline: number,
  trace: TraceContext = newTrace(mounted.tracing?.part),
): Traced {
  const actor: JobActor = { kind: "job", name };
  const about = { requestId: crypto.randomUUID(), trace, deadline: () => deadline, actor };
  return invocationOf(mounted, work, about);
}

function invocationOf<Env extends ServiceEnv, Deps>(
  { service, log, upstreams, tracing }: Mounted<Env, Deps>,
  work: Work,
  { deadline, ...about }: Pick<Invocation, "requestId" | "trace" | "actor"> & { deadline: DeadlineClock },
): Traced {
  const { requestId, trace } = about;
  let named: Logger | undefined;
  return {
    service: service.name,
    upstreams,
    spans: trace.sampled ? tracing?.spansOf(work, log) : undefined,
    ...about,
    get deadline() {
      return deadline();
    },
    // Most invocations say nothing beside the one line of the request, which names them itself.
    get log() {
      named ??= log.with({ request_id: requestId, trace_id: trace.traceId, span_id: trace.spanId });
      return named;
    },
    waitUntil: work.waitUntil,
    defer: work.defer,
  };
}

/** The `waitUntil` work of one invocation, and what is to be given back when all of it has settled. */
export class Work {
  readonly #ctx: InvocationContext;
  readonly #pending: Promise<unknown>[] = [];
  readonly #cleanups: (() => Promise<void>)[] = [];
  #finished = false;

  constructor(ctx: InvocationContext) {
    this.#ctx = ctx;
  }

  readonly waitUntil = (promise: Promise<unknown>): void => {
    this.#pending.push(promise);
    this.#ctx.waitUntil(promise);
  };

  readonly defer = (cleanup: () => Promise<void>): void => {
    this.#cleanups.push(cleanup);
    if (this.#finished) this.finish();
  };

  /**
   * The answer as it may go out. What a stream is made from, such as a database, has to live until it has
   * been read to its end or given up, so one is followed; JSON is whole as soon as it is there, and is only read here
   * in case somebody made it of a stream.
   */
  async hold(response: Response): Promise<Response> {
    if (this.#cleanups.length === 0 || response.body === null) return response;
    if (jsonType.test(response.headers.get("content-type") ?? "")) {
      return new Response(await response.arrayBuffer(), response);
    }
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    // Its failure is the reader's to see.
    this.#pending.push(response.body.pipeTo(writable).catch(() => undefined));
    return new Response(readable, response);
  }

  /** The answer is on its way: what `waitUntil` work and the stream leave is given back. */
  finish(): void {
    this.#finished = true;
    if (this.#cleanups.length > 0) this.#ctx.waitUntil(this.#cleanUp());
  }

  async #cleanUp(): Promise<void> {
    // Work may hand in further work while it runs.
    for (let settled = 0; settled < this.#pending.length; ) {
      const batch = this.#pending.slice(settled);
      settled = this.#pending.length;
      await Promise.allSettled(batch);
    }
    await Promise.allSettled(this.#cleanups.splice(0).map((cleanup) => cleanup()));
  }
}
