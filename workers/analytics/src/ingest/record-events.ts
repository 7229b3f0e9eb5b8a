import { sha1 } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { insertEvents, type NewEvent } from "../queries/chunks.ts";
import { ensurePartitions, lacksPartition } from "../queries/partitions.ts";
import type { Received } from "../schemas.ts";
import { isFault, oldest, readEvent, type SentEvent } from "./read-event.ts";
import type { Sender } from "./sender.ts";

/**
 * Stores those of the events that are right, and answers once they are committed: how many, how many were known by their
 * id, and what is wrong with the others. The order of time among them is kept by nobody.
 */
export async function recordEvents(
  deps: Deps,
  sender: Sender,
  sent: readonly unknown[],
  now: Date,
  fromService = false,
): Promise<Received> {
  const errors: Received["errors"] = [];
  const good: SentEvent[] = [];
  for (const [index, value] of sent.entries()) {
    const read = readEvent(value, now.getTime(), fromService);
    if (isFault(read)) errors.push({ index, ...read });
    else good.push(read);
  }
  const duplicates = good.length === 0 ? 0 : await storeEvents(deps, sender, good, now);
  return { accepted: good.length - duplicates, duplicates, errors };
}

/** Stores events that have been read; answers how many of them were known by their id. */
export async function storeEvents(
  { db }: Deps,
  { visitor, source, scope }: Sender,
  sent: readonly SentEvent[],
  now: Date,
): Promise<number> {
  const receivedAt = now.getTime();
  const delivery = { visitor, source, receivedAt, events: sent.map((event) => newEvent(event, scope)) };
  try {
    return await insertEvents(db, delivery);
  } catch (error) {
    if (!lacksPartition(error)) throw error;
    const earliest = sent.reduce((first, { at }) => Math.min(first, at ?? first), receivedAt - oldest);
    await ensurePartitions(db, earliest);
    return await insertEvents(db, delivery);
  }
}

/** The same id of another sender is another event, so that nobody can keep somebody else's from being counted. */
function newEvent(event: SentEvent, scope: string): NewEvent {
  const { id, userId } = event;
  if (id === undefined && userId === undefined) return event;
  const key = id === undefined ? undefined : uuidFrom(sha1(JSON.stringify([scope, id])));
  return { ...event, key, visitor: userId };
}

const uuidFrom = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
