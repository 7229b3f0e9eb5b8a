import {
  communicationHeader,
  EnvelopeFault,
  type ErrorCode,
  encryptResponseHeader,
  hasSealedBody,
  type KeyRing,
  keyVariable,
  type OpenedRequest,
  openRequest,
  saysEncrypted,
  sealAnswer,
  sealedLength,
  TrivetError,
  targetOf,
} from "@trivet/platform";
import { createMiddleware } from "hono/factory";
import type { RouteContract } from "../contract.ts";
import { defaultBodyLimit, readBody } from "../input/json-body.ts";
import type { HandlerEnv, ServiceContext } from "../state.ts";

/**
 * Opens a request that came encrypted, and has its answer encrypted: that of a request which was, or which asked for
 * it. Stands behind access, so that a stranger learns nothing of keys, and before all that reads the request.
 */
export const encryption = ({ encryption: mode = "none", method, bodyLimit = defaultBodyLimit }: RouteContract) =>
  createMiddleware<HandlerEnv<unknown>>(async (c, next) => {
    const wishes = wishesOf(c.req.raw.headers);
    if (mode === "none") refuseWishes(wishes);
    else if (wishes.encrypted) await exchange(c, method !== "get", sealedLength(bodyLimit));
    else if (mode === "required") refusePlain(c);
    else if (wishes.answer) promiseAnswer(c, undefined);
    await next();
  });

interface Wishes {
  encrypted: boolean;
  answer: boolean;
}

function wishesOf(headers: Headers): Wishes {
  const communication = headers.get(communicationHeader) ?? "";
  const answer = headers.get(encryptResponseHeader) ?? "";
  if (communication !== "" && !saysEncrypted(headers)) throw refusal(communicationHeader, "must be `encrypted`");
  if (!["", "true", "false"].includes(answer)) throw refusal(encryptResponseHeader, "must be `true` or `false`");
  return { encrypted: communication !== "", answer: answer === "true" };
}

/** To answer in plain what was meant to be secret would be worse than not to answer. */
function refuseWishes({ encrypted, answer }: Wishes): void {
  const detail = "cannot be had here: this address speaks in plain only";
  if (encrypted) throw refusal(communicationHeader, detail);
  if (answer) throw refusal(encryptResponseHeader, detail);
}

const refusal = (name: string, detail: string): TrivetError =>
  new TrivetError("validation_failed", undefined, { errors: [{ in: "header", pointer: `/${name}`, detail }] });

function refusePlain(c: ServiceContext): never {
  tell(c, "required", {});
  throw new TrivetError("encryption_required");
}

async function exchange(c: ServiceContext, isUnsafe: boolean, limit: number): Promise<void> {
  const started = performance.now();
  const { raw } = c.req;
  const body = hasSealedBody(raw.headers) ? await readBody(c, limit) : undefined;
  const arrived = performance.now();
  let outcome = "opened";
  try {
    const opened = await openRequest(raw, body, { self: c.env.invocation.service, ring: ringOf(c) });
    const { actor } = c.var;
    if (actor.kind === "service" && actor.name !== opened.caller) throw new EnvelopeFault("misdirected");
    promiseAnswer(c, opened);
    // A safe request may be repeated by whatever it passes (RFC 9110, 9.2.2), and its answer is no less secret then.
    if (isUnsafe && !(await c.env.replays()?.claim(opened.id))) {
      outcome = "replayed";
      throw new TrivetError("encryption_replayed");
    }
    c.req.raw = opened.request;
  } catch (fault) {
    if (fault instanceof EnvelopeFault) {
      outcome = fault.reason;
      throw new TrivetError(codeOf(fault), undefined, { cause: fault });
    }
    if (outcome === "opened") outcome = "failed";
    throw fault;
  } finally {
    tell(c, outcome, { receive_ms: arrived - started, open_ms: performance.now() - arrived });
  }
}

/** One answer for all that is wrong with a message but its time: what it was would help whoever forges one. */
const codeOf = ({ reason }: EnvelopeFault): ErrorCode =>
  reason === "expired" || reason === "early" ? "encryption_expired" : "decryption_failed";

function promiseAnswer(c: ServiceContext, opened: OpenedRequest | undefined): void {
  const ring = ringOf(c);
  const { actor } = c.var;
  const to = {
    ring,
    kid: opened?.kid ?? ring.current,
    self: c.env.invocation.service,
    caller: opened?.caller ?? (actor.kind === "service" ? actor.name : undefined),
    method: c.req.method,
    target: targetOf(c.req.url),
    request: opened?.id,
  };
  c.env.sealAnswer = (answer) => sealAnswer(answer, to);
}

function ringOf(c: ServiceContext): KeyRing {
  const { service } = c.env.invocation;
  const ring = c.env.keys.get(service);
  if (ring) return ring;
  // `assertKey` has seen to it at start.
  throw new Error(`${service} has no ${keyVariable(service)}.`);
}

/** How it went and how long it took, without anything of the message. */
function tell(c: ServiceContext, outcome: string, times: Record<string, number>): void {
  const { invocation, metrics, route } = c.env;
  metrics.encrypted.inc({ service: invocation.service, outcome });
  const level = outcome === "opened" ? "debug" : "warn";
  const rounded = Object.entries(times).map(([name, ms]) => [name, Math.round(ms * 100) / 100]);
  invocation.log[level]("Encrypted request to {route}: {outcome}", {
    route,
    outcome,
    ...Object.fromEntries(rounded),
  });
}
