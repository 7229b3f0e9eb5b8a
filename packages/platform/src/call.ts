import { z } from "zod";
import { beforeDeadline } from "./deadline.ts";
import { describeError } from "./describe-error.ts";
import { EnvelopeFault } from "./encryption/envelope-fault.ts";
import { type KeyRing, type KeyRings, keyVariable } from "./encryption/key-ring.ts";
import { type SealedTry, sealRequest } from "./encryption/sealed-try.ts";
import { isErrorCode, TrivetError } from "./errors.ts";
import type { Invocation } from "./invocation.ts";
import type { ServiceBinding } from "./ports.ts";
import { mintServiceToken } from "./service-token.ts";
import { beginSpan, endHop } from "./spans/begin-span.ts";
import { propagateTrace, type TraceContext } from "./trace.ts";
import { backoff, finalHeader, isFinal, isOfOneReplica, isOutage } from "./upstream.ts";

/** One call between services: who serves it, who may make it, and the shapes of both directions. */
export interface CallContract {
  service: string;
  /** The only services allowed to make this call. */
  callers: readonly string[];
  method: "get" | "post" | "put" | "delete";
  /** Below `/<service>/internal`, parameters in braces: `/profiles/{id}`. */
  path: `/${string}`;
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Left out when the answer is 204. */
  reply?: z.ZodType;
  /** Whether a POST may be repeated after a failure; the other methods always may (RFC 9110, 9.2.2). */
  idempotent?: boolean;
  /** Whether request and answer are encrypted under the callee's key: always, where the caller says so, or never. */
  encryption?: Encryption;
}

export type Encryption = "required" | "optional" | "none";

export const defineCall = <const Contract extends CallContract>(contract: Contract): Contract => contract;

type Part<Contract, Key extends string> =
  Contract extends Record<Key, infer Schema extends z.ZodType> ? Record<Key, z.input<Schema>> : unknown;

interface CallParts {
  params?: unknown;
  query?: unknown;
  body?: unknown;
}

const noKeys: KeyRings = new Map();

export type CallInput<Contract extends CallContract> = CallParts &
  Part<Contract, "params"> &
  Part<Contract, "query"> &
  Part<Contract, "body"> &
  (Contract extends { encryption: "optional" } ? { encrypted?: boolean } : unknown);

export type CallReply<Contract extends CallContract> = Contract extends { reply: infer Schema extends z.ZodType }
  ? z.output<Schema>
  : undefined;

/** Makes a call to another service on behalf of the work at hand. */
export type Call = <Contract extends CallContract>(
  binding: ServiceBinding,
  contract: Contract,
  input: CallInput<Contract>,
) => Promise<CallReply<Contract>>;

const attempts = 3;
/** Milliseconds that must have been left before a late answer counts against the callee. */
const fairChance = 1_000;

/**
 * The `call` of one invocation. It signs as the invocation's service, passes trace, request id and
 * the remaining deadline on, tries idempotent calls again on connection failure and 502/503/504 as long
 * as the upstream is worth it, and stops asking one that keeps failing.
 *
 * Throws `TrivetError`: the callee's own code for a refusal below 500, else `unavailable`,
 * `bad_gateway` or `deadline_exceeded`. Input that breaks the contract is a fault of the caller's code
 * and throws before anybody is asked.
 */
export function createCall(invocation: Invocation, secret: string, keys: KeyRings = noKeys): Call {
  return async (binding, contract, input) => {
    const upstream = invocation.upstreams.of(contract.service);
    const repeatable = contract.idempotent ?? contract.method !== "post";
    const request = describeRequest(contract, input);
    const ring = isEncrypted(contract, input) ? ringOf(contract, keys) : undefined;
    for (let attempt = 1; ; attempt += 1) {
      const granted = invocation.deadline - Date.now();
      if (granted <= 0) throw new TrivetError("deadline_exceeded");
      // Before anything is made for a service that is not asked.
      if (!upstream.breaker.admits()) throw unavailable(contract, undefined, upstream.breaker.retryAfter);
      const span = beginSpan(invocation, "client", `${request.method} ${routeOf(contract)}`);
      const headers = await callHeaders(invocation, span.trace, contract, secret);
      const sealed = ring && (await sealRequest(addressed(invocation, contract, request), ring));
      const sent = sealed ? encrypted(request, headers, sealed) : request;
      const started = performance.now();
      const answer = upstream.within(() => send(binding, sent, headers, invocation.deadline));
      if (!answer) throw unavailable(contract, new Error("As many calls as may wait for it are waiting."));
      const outcome = await answer.catch((cause: unknown) => cause);
      endHop(span, { method: request.method, route: routeOf(contract), service: contract.service, attempt }, outcome);
      tellFailure(invocation, contract, { attempt, ms: performance.now() - started, encrypted: !!ring }, outcome);
      if (!hasFailed(outcome)) upstream.succeeded();
      else if (!isOfOneReplica(outcome) && (granted >= fairChance || !isLate(outcome))) upstream.failed();
      const again = repeatable && attempt < attempts && upstream.retries.allows;
      if (outcome instanceof Response) {
        if (!again || !isOutage(outcome) || isFinal(outcome)) {
          return await readReply(contract, await opened(contract, outcome, sealed, invocation), invocation.deadline);
        }
        await outcome.body?.cancel();
      } else if (!again || isLate(outcome)) {
        throw unavailable(contract, outcome);
      }
      await pause(backoff(attempt), invocation.deadline);
    }
  };
}

interface Try {
  attempt: number;
  ms: number;
  encrypted: boolean;
}

/** Each try that got no answer, or that of a broken service: the caller may hide it from whoever asked, or try again. */
function tellFailure({ log }: Invocation, contract: CallContract, made: Try, outcome: unknown): void {
  const answered = outcome instanceof Response;
  if (answered && outcome.status < 500) return;
  log.warn("Try {attempt} to ask {callee} failed after {ms} ms", {
    ...made,
    ms: Math.round(made.ms * 100) / 100,
    callee: contract.service,
    method: contract.method.toUpperCase(),
    route: routeOf(contract),
    ...(answered ? { status: outcome.status } : { fault: describeError(outcome) }),
  });
}

/** A service that says that what stands behind it is down, has not failed itself. */
const hasFailed = (outcome: unknown): boolean =>
  !(outcome instanceof Response) || (outcome.status >= 500 && !isFinal(outcome));

const isLate = (outcome: unknown): boolean =>
  outcome instanceof Response
    ? outcome.status === 504
    : outcome instanceof TrivetError && outcome.code === "deadline_exceeded";

const isEncrypted = ({ encryption }: CallContract, input: object): boolean =>
  encryption === "required" || (encryption === "optional" && "encrypted" in input && input.encrypted === true);

function ringOf({ service }: CallContract, keys: KeyRings): KeyRing {
  const ring = keys.get(service);
  if (ring) return ring;
  throw new Error(`Calls to ${service} are encrypted: name ${keyVariable(service)} in [secrets] and in \`env\`.`);
}

const addressed = ({ service }: Invocation, contract: CallContract, request: CallRequest) => ({
  ...request,
  self: service,
  callee: contract.service,
});

/** The headers say the rest of it. */
function encrypted(request: CallRequest, headers: Headers, sealed: SealedTry): CallRequest {
  for (const [name, value] of Object.entries(sealed.headers)) headers.set(name, value);
  return { ...request, body: sealed.body };
}

async function opened(
  contract: CallContract,
  answer: Response,
  sealed: SealedTry | undefined,
  { deadline }: Invocation,
): Promise<Response> {
  if (!sealed) return answer;
  try {
    return await beforeDeadline(sealed.open(answer), deadline);
  } catch (fault) {
    if (fault instanceof EnvelopeFault) throw brokenContract(contract, fault);
    throw fault;
  }
}

interface CallRequest {
  url: string;
  method: string;
  body: string | undefined;
}

const describeRequest = (contract: CallContract, input: CallParts): CallRequest => ({
  url: callUrl(contract, input),
  method: contract.method.toUpperCase(),
  body: contract.body && JSON.stringify(contract.body.parse(input.body)),
});

async function callHeaders(
  invocation: Invocation,
  trace: TraceContext,
  contract: CallContract,
  secret: string,
): Promise<Headers> {
  const headers = new Headers({
    "x-service-token": await mintServiceToken(invocation.service, contract.service, secret),
    "x-request-id": invocation.requestId,
    "x-request-deadline": String(invocation.deadline),
  });
  if (contract.body) headers.set("content-type", "application/json");
  propagateTrace(trace, headers);
  return headers;
}

async function send(
  binding: ServiceBinding,
  { url, method, body }: CallRequest,
  headers: Headers,
  deadline: number,
): Promise<Response> {
  const late = new AbortController();
  // Not followed: a service that redirects a call is broken, and workerd would follow it over a binding.
  const init: RequestInit = { method, headers, redirect: "manual", signal: late.signal };
  const request = new Request(url, { ...init, ...(body !== undefined && { body }) });
  return await beforeDeadline(binding.fetch(request), deadline, () => late.abort());
}

const routeOf = ({ service, path }: CallContract): string => `/${service}/internal${path}`;

function callUrl(contract: CallContract, input: CallParts): string {
  const params: Record<string, unknown> = contract.params?.parse(input.params) ?? {};
  const path = contract.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const url = new URL(`http://${contract.service}/${contract.service}/internal${path}`);
  for (const [name, value] of Object.entries(contract.query?.parse(input.query) ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

const problem = z.object({ code: z.string(), detail: z.string().optional() });

/** What a callee says of our own service token or encryption; whoever waits for our answer sent none. */
const ourOwnFault = new Set<string>([
  "service_token_required",
  "service_token_invalid",
  "encryption_required",
  "decryption_failed",
  "encryption_expired",
  "encryption_replayed",
]);

async function readReply<Contract extends CallContract>(
  contract: Contract,
  response: Response,
  deadline: number,
): Promise<CallReply<Contract>> {
  const content: unknown = await beforeDeadline(
    response.json().catch(() => undefined),
    deadline,
  );
  if (response.ok) {
    if (!contract.reply) return replyOf<Contract>(undefined);
    const reply = contract.reply.safeParse(content);
    if (reply.success) return replyOf<Contract>(reply.data);
    throw brokenContract(contract, reply.error);
  }
  const cause = new Error(`${contract.service} answered ${response.status}.`);
  if (response.status >= 500) throw unavailable(contract, cause);
  const refusal = problem.safeParse(content);
  const code = refusal.data?.code;
  if (isErrorCode(code) && !ourOwnFault.has(code)) throw new TrivetError(code, refusal.data?.detail);
  throw brokenContract(contract, cause);
}

const brokenContract = ({ service }: CallContract, cause: Error): TrivetError =>
  new TrivetError("bad_gateway", `The ${service} service answered outside its contract.`, { cause });

/** The reply has just been parsed by the contract's own schema, which is what its type is read from. */
const replyOf = <Contract extends CallContract>(value: unknown): CallReply<Contract> => value as CallReply<Contract>;

/** Final: what can be tried again has been, here, and whoever waits for our answer need not. */
const unavailable = (contract: CallContract, cause: unknown, retryAfter = 1): TrivetError =>
  cause instanceof TrivetError
    ? cause
    : new TrivetError("unavailable", `The ${contract.service} service cannot be reached.`, {
        cause,
        retryAfter,
        headers: { [finalHeader]: "false" },
      });

/** Waits, unless the deadline would pass meanwhile: then there is nobody to try again for. */
async function pause(milliseconds: number, deadline: number): Promise<void> {
  if (Date.now() + milliseconds >= deadline) throw new TrivetError("deadline_exceeded");
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
