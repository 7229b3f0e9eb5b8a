import type { Deps } from "../deps.ts";
import { type ExportRow, selectEvents } from "../queries/export.ts";
import { dayOfPartition, selectPartitions } from "../queries/partitions.ts";
import type { ExportQuery } from "../schemas.ts";
import { longestOfEvents, rangeOf } from "../time/range.ts";
import { day } from "../time/zone.ts";

/** Rows read at a time: some hundred kilobytes. */
const portion = 2_000;

/**
 * The events of a range as CSV (RFC 4180), day by day, read as fast as they are taken. Within a day they are in the order
 * in which they lie, which is mostly that in which they came.
 */
export async function exportEvents({ db }: Pick<Deps, "db">, query: ExportQuery): Promise<ReadableStream<Uint8Array>> {
  const range = rangeOf(query, Date.now(), longestOfEvents);
  const selection = { range, event: query.event, filters: query.filters };
  const days = (await selectPartitions(db)).filter((name) => {
    const start = dayOfPartition(name);
    return start < range.to && start + day > range.from;
  });
  const encoder = new TextEncoder();
  let after: string | undefined;
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode("at,name,source,visitor,properties\r\n")),
    async pull(controller) {
      for (;;) {
        const [partition] = days;
        if (partition === undefined) return controller.close();
        const rows = await selectEvents(db, partition, selection, after, portion);
        after = rows.length < portion ? undefined : rows.at(-1)?.place;
        if (after === undefined) days.shift();
        if (rows.length > 0) return controller.enqueue(encoder.encode(rows.map(lineOf).join("")));
      }
    },
  });
}

const lineOf = ({ at, name, source, visitor, properties }: ExportRow): string =>
  `${[at, name, source, visitor ?? "", properties].map(cell).join(",")}\r\n`;

/** A spreadsheet takes what begins so for a formula; an apostrophe makes it text (OWASP, CSV Injection). */
const cell = (text: string): string => {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
