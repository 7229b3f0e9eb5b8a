import type { JsMsg } from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import type { QueueContentType } from "@trivet/platform";
import type { Delivery, Letter, Outgoing } from "../driver.ts";

/** A message and what JetStream knows it by. */
export interface Taken extends Delivery {
  source: JsMsg;
}

const names = {
  id: "Trivet-Id",
  sent: "Trivet-Sent",
  due: "Trivet-Due",
  type: "Trivet-Content-Type",
  origin: "Trivet-Origin",
  cause: "Trivet-Cause",
  attempts: "Trivet-Attempts",
} as const;

/** The headers of a message that is sent. Times are Unix milliseconds of the sender's clock. */
export function headersOf(id: string, { contentType, delaySeconds }: Outgoing, now: number): MsgHdrs {
  const made = headers();
  made.set(names.id, id);
  made.set(names.sent, String(now));
  made.set(names.type, contentType);
  if (delaySeconds > 0) made.set(names.due, String(now + delaySeconds * 1_000));
  return made;
}

/** Of the same message as a dead letter. A header is one line. */
export function headersOfDead({ id, sentAt, contentType }: Delivery, origin: string, cause: string): MsgHdrs {
  const made = headersOf(id, { contentType, body: new Uint8Array(), delaySeconds: 0 }, sentAt);
  made.set(names.origin, origin);
  made.set(names.cause, cause.replaceAll(/[\r\n]+/g, " "));
  return made;
}

/** Of the same message given back unhandled, with the attempts it has had before this one. */
export function headersOfReturned({ id, sentAt, contentType, attempts, source }: Taken): MsgHdrs {
  const made = headersOf(id, { contentType, body: new Uint8Array(), delaySeconds: 0 }, sentAt);
  for (const name of [names.origin, names.cause]) {
    const value = source.headers?.get(name);
    if (value) made.set(name, value);
  }
  made.set(names.attempts, String(attempts - 1));
  return made;
}

/**
 * Milliseconds for which a message is sent back before it is delivered; undefined for one that is delivered now. One that
 * was sent with a delay is sent back once, even if nobody fetched it before it was due: so its first coming is never an
 * attempt, and the server's count tells how many there were.
 */
export function waitOf({ headers: given, info }: JsMsg): number | undefined {
  if (!given?.has(names.due) || info.deliveryCount > 1) return undefined;
  return Math.max(0, Number(given.get(names.due)) - Date.now());
}

export function takenOf(message: JsMsg): Taken {
  const given = message.headers;
  // `waitOf` has sent it back once.
  const sentBack = given?.has(names.due) ? 1 : 0;
  return {
    id: given?.get(names.id) ?? String(message.seq),
    sentAt: Number(given?.get(names.sent)),
    attempts: Number(given?.get(names.attempts) || 0) + message.info.deliveryCount - sentBack,
    contentType: contentTypeOf(given),
    body: message.data,
    cause: given?.get(names.cause) || undefined,
    source: message,
  };
}

/** `headersOf` has put one of these there. */
const contentTypeOf = (given: MsgHdrs | undefined): QueueContentType => given?.get(names.type) as QueueContentType;

export const letterOf = (given: MsgHdrs | undefined, body: Uint8Array, sequence: number): Letter => ({
  id: given?.get(names.id) || String(sequence),
  sentAt: Number(given?.get(names.sent)),
  contentType: contentTypeOf(given),
  body,
  origin: given?.get(names.origin) || undefined,
  cause: given?.get(names.cause) || undefined,
});
