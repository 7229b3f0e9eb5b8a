import { batched, type Database, type Transaction, transaction } from "@trivet/db";
import { type SQL, sql } from "drizzle-orm";
import { chunks } from "../tables.ts";
import { day } from "../time/zone.ts";
import { insertSeen } from "./seen-events.ts";

/** An event on its way in. */
export interface NewEvent {
  name: string;
  properties: object;
  /** When it happened, in Unix milliseconds, if not when it was received. */
  at: number | undefined;
  /** By which a repeat is known. */
  key?: string | undefined;
  /** Whose it is, if not the delivery's visitor's. */
  visitor?: string | undefined;
}

/** The events of one request, from one visitor of one source. */
export interface Delivery {
  visitor: string | null;
  source: string;
  /** Unix milliseconds. */
  receivedAt: number;
  events: readonly NewEvent[];
}

/** Stores events, and answers when they are committed: how many of them had been here before. */
export async function insertEvents(db: Database, delivery: Delivery): Promise<number> {
  if (delivery.events.some(({ key }) => key !== undefined)) return await insertFresh(db, delivery);
  await insertParcels(db, parcelsOf(delivery));
  return 0;
}

/**
 * Requests of one turn of the event loop share a transaction and mostly a chunk, as either costs more than a hundred events.
 * What waits for its turn is text already: a thousand objects that outlive their request are much to clear away.
 */
const insertParcels = batched(async (db, parcels: Parcel[][]) => {
  await insertChunks(db, chunksOf(parcels.flat()));
  return parcels.map(() => undefined);
});

/** The same for events of which some may have been here before. */
const insertFresh = batched(
  async (db, deliveries: Delivery[]) =>
    await transaction(db, async (tx) => {
      const keys = deliveries.flatMap(({ events }) => events.flatMap(({ key }) => key ?? []));
      const fresh = await insertSeen(tx, keys);
      const taken = deliveries.map(({ events, ...delivery }) => ({
        ...delivery,
        events: events.filter(({ key }) => key === undefined || fresh.delete(key)),
      }));
      await insertChunks(tx, chunksOf(taken.flatMap(parcelsOf)));
      return deliveries.map(({ events }, index) => events.length - (taken[index]?.events.length ?? 0));
    }),
);

/** Events of one source and UTC day, by column as a chunk has them: what stands within the ends of each array. */
interface Parcel {
  source: string;
  /** When the day began, in Unix milliseconds, as are the first and the last of the events. */
  start: number;
  first: number;
  last: number;
  size: number;
  times: string;
  visitors: string;
  names: string;
  properties: string;
}

function parcelsOf({ source, visitor, receivedAt, events }: Delivery): Parcel[] {
  const days = Map.groupBy(events, ({ at = receivedAt }) => Math.floor(at / day) * day);
  return Array.from(days, ([start, ofDay]) => {
    const times = ofDay.map(({ at = receivedAt }) => at - start);
    return {
      ...{ source, start, size: ofDay.length },
      first: start + times.reduce((a, b) => Math.min(a, b)),
      last: start + times.reduce((a, b) => Math.max(a, b)),
      times: times.join(),
      visitors: ofDay.map((event) => event.visitor ?? visitor ?? "null").join(),
      names: ofDay.map(({ name }) => quoted(name)).join(),
      properties: JSON.stringify(ofDay.map(({ properties }) => properties)).slice(1, -1),
    };
  });
}

/** As in an array of Postgres: in quotes, within which a backslash goes before each quote and backslash. */
const quoted = (text: string): string => `"${/["\\]/.test(text) ? text.replaceAll(/["\\]/g, "\\$&") : text}"`;

/** Events of one chunk, so that whoever reads a few reads little else; those of one request stay together. */
export const chunkLimit = 2_000;

type Chunk = [Parcel, ...Parcel[]];

function chunksOf(parcels: readonly Parcel[]): Chunk[] {
  const chunks: Chunk[] = [];
  const open = new Map<string, { chunk: Chunk; size: number }>();
  for (const parcel of parcels) {
    const key = `${parcel.start} ${parcel.source}`;
    const last = open.get(key);
    if (last && last.size + parcel.size <= chunkLimit) {
      last.chunk.push(parcel);
      last.size += parcel.size;
    } else {
      const chunk: Chunk = [parcel];
      chunks.push(chunk);
      open.set(key, { chunk, size: parcel.size });
    }
  }
  return chunks;
}

async function insertChunks(db: Database | Transaction, made: readonly Chunk[]): Promise<void> {
  if (made.length === 0) return;
  await db.execute(sql`
    insert into ${chunks} (day, source, size, first_at, last_at, times, visitors, names, properties)
    values ${sql.join(made.map(rowOf), sql`, `)}
  `);
}

function rowOf(chunk: Chunk): SQL {
  const [{ start, source }] = chunk;
  const [size, first, last] = [
    chunk.reduce((sum, parcel) => sum + parcel.size, 0),
    chunk.reduce((earliest, parcel) => Math.min(earliest, parcel.first), Number.POSITIVE_INFINITY),
    chunk.reduce((latest, parcel) => Math.max(latest, parcel.last), 0),
  ];
  const all = (column: "times" | "visitors" | "names" | "properties") => chunk.map((parcel) => parcel[column]).join();
  return sql`(
    ${iso(start)}::date, ${source}::text, ${size}::integer, ${iso(first)}::timestamptz, ${iso(last)}::timestamptz,
    ${`{${all("times")}}`}::integer[], ${`{${all("visitors")}}`}::uuid[], ${`{${all("names")}}`}::text[],
    ${`[${all("properties")}]`}::text
  )`;
}

const iso = (at: number): string => new Date(at).toISOString();
