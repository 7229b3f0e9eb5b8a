import { type Claim, describeError, type IdempotencyStore, type StoredAnswer, TrivetError } from "@trivet/platform";
import type { Next } from "hono";
import type { RouteContract } from "../contract.ts";
import type { ServiceContext } from "../state.ts";
import { keyedRequest } from "./keyed-request.ts";

/** What Hono calls with a request. */
export type Handler<Deps> = (c: ServiceContext<Deps>, next: Next) => Response | Promise<Response>;

const secondsToWait = 1;

/**
 * The handler of a route that takes an `Idempotency-Key`: the first request with a key is carried out, and its repeats
 * get its answer. Stands behind the validators, so that what they refuse uses up no key. Nor does what the handler
 * refuses by throwing, since that has had no effect: mended, it may be sent under the same key.
 */
export function answerOnce<Deps>(contract: RouteContract, handler: Handler<Deps>): Handler<Deps> {
  return async (c, next) => {
    const request = await keyedRequest(c, contract);
    const store = c.env.idempotency();
    if (request === undefined || store === undefined) return await handler(c, next);
    const outcome = await store.claim(request);
    if (outcome.kind === "answered") return replay(outcome.answer);
    if (outcome.kind === "other") throw new TrivetError("idempotency_key_reused");
    if (outcome.kind === "running") {
      throw new TrivetError("idempotency_key_in_use", undefined, { retryAfter: secondsToWait });
    }
    const work = carryOut(c, store, outcome.claim, async () => handler(c, next));
    // It goes on when the deadline has passed: its answer is what the next repeat gets.
    c.env.invocation.waitUntil(work.catch(() => undefined));
    return await work;
  };
}

async function carryOut<Deps>(
  { env: { invocation } }: ServiceContext<Deps>,
  store: IdempotencyStore,
  claim: Claim,
  handle: () => Promise<Response>,
): Promise<Response> {
  // Whatever fails here leaves a claim that ends with its lease.
  const tell = (error: unknown): void =>
    invocation.log.warn("What became of an idempotency key could not be stored", { fault: describeError(error) });
  invocation.claim = claim;
  let response: Response;
  try {
    response = await handle();
  } catch (error) {
    await store.release(claim).catch(tell);
    throw error;
  }
  if (response.status >= 500) {
    await store.release(claim).catch(tell);
    return response;
  }
  const body = response.body === null ? null : await response.text();
  await store.finish(claim, { status: response.status, headers: headersOf(response), body }).catch(tell);
  return new Response(body, response);
}

/** What says something about the answer rather than about the moment; never a cookie. */
const keptHeaders = ["cache-control", "content-location", "content-type", "etag", "last-modified", "link", "location"];

const headersOf = ({ headers }: Response): StoredAnswer["headers"] =>
  Object.fromEntries(
    keptHeaders.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, value]];
    }),
  );

const replay = ({ status, headers, body }: StoredAnswer): Response =>
  new Response(body, { status, headers: { ...headers, "idempotency-replayed": "true" } });
