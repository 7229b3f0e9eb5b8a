import { sha1 } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { type EventRow, insertEvents } from "../queries/events.ts";
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
  const received = now.getTime();
  let [first, last] = [received, 0];
  const rows = sent.map((event): EventRow => {
    const at = event.at ?? received;
    if (at < first) first = at;
    if (at > last) last = at;
    return rowOf(event, scope);
  });
  const times = { firstAt: new Date(first).toISOString(), lastAt: new Date(last).toISOString() };
  const delivery = { visitor, source, rows, receivedAt: now.toISOString(), ...times };
  try {
    return await insertEvents(db, delivery);
  } catch (error) {
    if (!lacksPartition(error)) throw error;
    await ensurePartitions(db, Math.min(first, received - oldest));
    return await insertEvents(db, delivery);
  }
}

/** The same id of another sender is another event, so that nobody can keep somebody else's from being counted. */
function rowOf({ name, properties, at, id, userId }: SentEvent, scope: string): EventRow {
  if (at === undefined && id === undefined && userId === undefined) return [name, properties];
  const time = at === undefined ? null : new Date(at).toISOString();
  const key = id === undefined ? null : uuidFrom(sha1(JSON.stringify([scope, id])));
  return userId === undefined ? [name, properties, time, key] : [name, properties, time, key, userId];
}

const uuidFrom = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join("-");
