import { type Actor, type KeyedRequest, sha256, TrivetError } from "@trivet/platform";
import type { RouteContract } from "../contract.ts";
import type { ServiceContext } from "../state.ts";
import { keyForm } from "./key-parameter.ts";

const wellFormed = new RegExp(keyForm);

/** The request as its key's owner may repeat it; undefined without a key. The body has been read and is JSON. */
export async function keyedRequest<Deps>(
  c: ServiceContext<Deps>,
  contract: RouteContract,
): Promise<KeyedRequest | undefined> {
  const key = c.req.header("idempotency-key");
  // workerd drops an empty header, so it cannot mean anything else elsewhere.
  if (key === undefined || key === "") {
    if (contract.idempotencyKey === "required") throw refusal("is required here");
    return undefined;
  }
  if (!wellFormed.test(key)) throw refusal("must be 1 to 255 visible ASCII characters, sent once");
  const { pathname, search } = new URL(c.req.url);
  const body: unknown = contract.request?.body ? await c.req.json() : undefined;
  const content = JSON.stringify([c.req.method, pathname, search, ordered(body)]);
  const fingerprint = keyed(c.env.env.SERVICE_JWT_SECRET, content);
  return { caller: callerOf(c.var.actor), key, fingerprint, status: successOf(contract) };
}

const successOf = ({ responses }: RouteContract): number =>
  Number(Object.keys(responses).find((status) => /^2\d\d$/.test(status)) ?? 200);

const refusal = (detail: string): TrivetError =>
  new TrivetError("validation_failed", undefined, { errors: [{ in: "header", pointer: "/idempotency-key", detail }] });

/** Keyed, because a body may hold a password, which could be guessed from a bare digest. */
const keyed = (secret: string, content: string): string => sha256(`${secret}\n${sha256(`${secret}\n${content}`)}`);

/** Who acts in somebody's name has keys of its own. */
function callerOf(actor: Actor): string {
  if (actor.kind === "user") return [actor.kind, actor.id, actor.impersonatedBy].filter(Boolean).join(":");
  if (actor.kind === "anonymous") throw new TrivetError("unauthenticated");
  return `${actor.kind}:${actor.name}`;
}

/** The members of objects have no order, so a client may write them in another one the next time. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, ordered(member)] as const);
  // A list of pairs, since an object would hold members like `__proto__` and `7` in an order of its own.
  return { members: members.toSorted(([a], [b]) => (a < b ? -1 : 1)) };
}
