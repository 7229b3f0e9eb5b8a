import {
  anonymous,
  continueTrace,
  type Invocation,
  type InvocationContext,
  type JobActor,
  type Logger,
  newTrace,
} from "@trivet/platform";
import { type ServiceTokens, verifyServiceToken } from "./access/service-token.ts";
import type { ServiceEnv } from "./env.ts";
import type { Mounted } from "./mounted.ts";

/** Milliseconds a request may take when nobody upstream set a deadline, and the most anyone may ask for. */
const longestRequest = 30_000;

const requestIdForm = /^[\w.:-]{1,128}$/;
const deadlineForm = /^\d{1,15}$/;

/**
 * When nobody waits for the answer any more: what another service says, if it shows that it is one.
 * Anybody else could make us stop in the middle of our work.
 */
export async function deadlineOf({ headers }: Request, tokens: ServiceTokens): Promise<number> {
  const latest = Date.now() + longestRequest;
  const asked = headers.get("x-request-deadline");
  const token = headers.get("x-service-token");
  if (asked === null || token === null || !deadlineForm.test(asked)) return latest;
  const insider = await verifyServiceToken(token, tokens).catch(() => undefined);
  return insider ? Math.min(Number(asked), latest) : latest;
}

/** The invocation of a request: continues its trace and keeps its id where it brought them. */
export function beginInvocation<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  request: Request,
  work: Work,
  deadline: number,
): Invocation {
  const given = request.headers.get("x-request-id");
  const requestId = given !== null && requestIdForm.test(given) ? given : crypto.randomUUID();
  const trace = continueTrace(request.headers);
  return invocationOf(mounted, work, { requestId, trace, deadline, actor: anonymous });
}

/** The invocation of work that nobody waits for: it begins a trace of its own. */
export function beginJob<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  name: string,
  work: Work,
  deadline: number,
): Invocation {
  const actor: JobActor = { kind: "job", name };
  return invocationOf(mounted, work, { requestId: crypto.randomUUID(), trace: newTrace(), deadline, actor });
}

function invocationOf<Env extends ServiceEnv, Deps>(
  { service, log }: Mounted<Env, Deps>,
  work: Work,
  about: Pick<Invocation, "requestId" | "trace" | "deadline" | "actor">,
): Invocation {
  const { requestId, trace } = about;
  let named: Logger | undefined;
  return {
    service: service.name,
    ...about,
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

  constructor(ctx: InvocationContext) {
    this.#ctx = ctx;
  }

  readonly waitUntil = (promise: Promise<unknown>): void => {
    this.#pending.push(promise);
    this.#ctx.waitUntil(promise);
  };

  readonly defer = (cleanup: () => Promise<void>): void => {
    this.#cleanups.push(cleanup);
  };

  finish(): void {
    if (this.#cleanups.length > 0) this.#ctx.waitUntil(this.#cleanUp());
  }

  async #cleanUp(): Promise<void> {
    // Work may hand in further work while it runs.
    for (let settled = 0; settled < this.#pending.length; ) {
      const batch = this.#pending.slice(settled);
      settled = this.#pending.length;
      await Promise.allSettled(batch);
    }
    await Promise.allSettled(this.#cleanups.map((cleanup) => cleanup()));
  }
}
