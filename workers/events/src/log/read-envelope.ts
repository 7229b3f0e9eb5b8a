import { type Envelope, type EventContract, envelope, events } from "@trivet/contracts";
import type { z } from "zod";
import { timeOfId } from "./event-id.ts";

/** An event as its contract has it, or why it is none. */
export type ReadEnvelope = { envelope: Envelope } | { fault: string };

/** Clocks differ; what is farther ahead was not made by a clock. */
const mostAhead = 5 * 60_000;

/**
 * Reads what came out of the queue of events. What the contract does not name is left out: it may be personal, and the
 * log outlives the account. Ids have to be of the days that the log keeps, because repeats are known by the log.
 */
export function readEnvelope(body: unknown, oldest: number, now: number): ReadEnvelope {
  const parsed = envelope.safeParse(body);
  if (!parsed.success) return { fault: `It is no envelope: ${describe(parsed.error)}` };
  const found = parsed.data;
  const contract = contractOf(found.event);
  if (!contract) return { fault: `There is no event ${found.event} in the catalogue.` };
  if (found.version !== contract.version) {
    return { fault: `${found.event} has the version ${contract.version}, not ${found.version}.` };
  }
  if (found.service !== contract.service) {
    return { fault: `${found.event} is announced by ${contract.service}, not by ${found.service}.` };
  }
  const data = contract.data.safeParse(found.data);
  if (!data.success) return { fault: `The data is not that of ${found.event}: ${describe(data.error)}` };
  const made = timeOfId(found.id);
  if (made === undefined) return { fault: "The id is no UUIDv7, by whose time the log is kept." };
  if (made < oldest) return { fault: "The id is older than what the log keeps." };
  if (made > now + mostAhead) return { fault: "The id is of a time that has not come yet." };
  return { envelope: { ...found, data: asJson(data.data) } };
}

const contractOf = (name: string): EventContract | undefined =>
  Object.hasOwn(events, name) ? catalogue[name] : undefined;

/** By any name, which may be none of them. */
const catalogue: Readonly<Record<string, EventContract>> = events;

/** Which fields, and what was expected of them; not what was there. */
const describe = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`))
    .join("; ");

/** Event contracts describe JSON objects: ids and facts as strings, numbers and booleans. */
const asJson = (data: Record<string, unknown>): Envelope["data"] => data as Envelope["data"];
