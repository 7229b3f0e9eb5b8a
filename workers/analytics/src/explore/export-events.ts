import type { Deps } from "../deps.ts";
import { type ExportRow, selectEvents } from "../queries/export.ts";
import { dayOfPartition, selectPartitions } from "../queries/partitions.ts";
import type { ExportQuery } from "../schemas.ts";
import { longestOfEvents, rangeOf } from "../time/range.ts";
import { day } from "../time/zone.ts";

/** Events read at a time: some hundred kilobytes. */
const portion = 2_000;

/** The events of a range as CSV (RFC 4180), day by day in the order of their chunks, read as fast as they are taken. */
export async function exportEvents({ db }: Pick<Deps, "db">, query: ExportQuery): Promise<ReadableStream<Uint8Array>> {
  const range = rangeOf(query, Date.now(), longestOfEvents);
  const selection = { range, event: query.event, filters: query.filters };
  const days = (await selectPartitions(db)).map(dayOfPartition).filter((at) => at < range.to && at + day > range.from);
  const encoder = new TextEncoder();
  let after = 0;
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode("at,name,source,visitor,properties\r\n")),
    async pull(controller) {
      for (;;) {
        const [at] = days;
        if (at === undefined) return controller.close();
        const { last, rows } = await selectEvents(db, new Date(at).toISOString(), selection, after, portion);
        after = last ?? 0;
        if (last === undefined) days.shift();
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
