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
  const due = numberIn(given, names.due);
  if (due === undefined || info.deliveryCount > 1) return undefined;
  return Math.max(0, due - Date.now());
}

export function takenOf(message: JsMsg): Taken {
  const { headers: given, info, seq, timestamp } = message;
  // `waitOf` has sent it back once.
  const sentBack = numberIn(given, names.due) === undefined ? 0 : 1;
  const { origin: _, ...said } = letterOf(given, message.data, { seq, timestamp });
  return {
    ...said,
    attempts: (numberIn(given, names.attempts) ?? 0) + info.deliveryCount - sentBack,
    source: message,
  };
}

/** What the server says of a message. */
interface Place {
  seq: number;
  /** ISO 8601: when it was stored. */
  timestamp: string;
}

/** A message as it says itself what it is; where others have sent it, with other headers or none, as the server and its bytes do. */
export const letterOf = (given: MsgHdrs | undefined, body: Uint8Array, { seq, timestamp }: Place): Letter => ({
  id: given?.get(names.id) || String(seq),
  sentAt: numberIn(given, names.sent) ?? Date.parse(timestamp),
  contentType: contentTypeOf(given?.get(names.type), body),
  body,
  origin: given?.get(names.origin) || undefined,
  cause: given?.get(names.cause) || undefined,
});

/** The end of the year 9999, after which no time is one that everybody can write. */
const latest = 253_402_300_799_999;

/** A time or a count; undefined where there is none that can be one. */
function numberIn(given: MsgHdrs | undefined, name: string): number | undefined {
  const text = given?.get(name) ?? "";
  return /^\d{1,15}$/.test(text) && Number(text) <= latest ? Number(text) : undefined;
}

/** Of what nobody has named, the first that it can be read as. */
function contentTypeOf(named: string | undefined, body: Uint8Array): QueueContentType {
  const known = contentTypes.find((type) => type === named);
  if (known) return known;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return isJson(text) ? "json" : "text";
  } catch {
    return "bytes";
  }
}

const contentTypes: readonly QueueContentType[] = ["json", "text", "bytes", "v8"];

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
