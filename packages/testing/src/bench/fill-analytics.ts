import type postgres from "postgres";

export interface Filling {
  events: number;
  days: number;
  names: number;
  visitors: number;
}

/** Events of one chunk: what some ten batches of a hundred share when they come at once. */
const chunkSize = 1_000;

/**
 * Fills the chunks of analytics with events that are spread evenly over the last days, not one of them counted yet: by SQL,
 * because ten million requests would mostly measure the way there.
 */
export async function fillAnalytics(sql: postgres.Sql, { events, days, names, visitors }: Filling): Promise<void> {
  const daily = Math.ceil(events / days / chunkSize);
  const properties = JSON.stringify({ path: "/feed", referrer: "/", durationMs: 1_234, tags: ["a", "b"] });
  for (let ago = days - 1; ago >= 0; ago -= 1) {
    const start = new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const end = new Date(Date.parse(start) + 86_400_000).toISOString().slice(0, 10);
    // Today, as far as it has come.
    const span = Math.min(86_400_000, Date.now() - Date.parse(start));
    const partition = `chunks_${start.replaceAll("-", "")}`;
    await sql`
      create table if not exists analytics.${sql(partition)} partition of analytics.chunks
      for values from (${sql.unsafe(`'${start}'`)}) to (${sql.unsafe(`'${end}'`)})`;
    await sql`
      insert into analytics.chunks (day, source, size, first_at, last_at, times, visitors, names, properties)
      select ${start}::date, 'user', ${chunkSize},
        ${start}::timestamptz + min(ms) * interval '1 millisecond', ${start}::timestamptz + max(ms) * interval '1 millisecond',
        array_agg(ms), array_agg(lpad(to_hex(who), 32, '0')::uuid), array_agg('event ' || what),
        ${`[${Array.from({ length: chunkSize }, () => properties).join()}]`}
      from (
        select chunk, floor((chunk + place / ${chunkSize}::float) * ${span}::float / ${daily}::int)::int as ms,
          floor(random() * ${visitors}::int)::int as who, floor(${names}::int * random() * random())::int as what
        from generate_series(0, ${daily}::int - 1) as chunk, generate_series(0, ${chunkSize}::int - 1) as place
      ) as event
      group by chunk`;
  }
  await sql`analyze analytics.chunks`;
}
