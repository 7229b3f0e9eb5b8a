import type { Measure } from "./metrics.ts";

/** What a service tells of its outbox, by `outboxBacklog` of the db package. */
export interface Backlog {
  waiting: number;
  lagSeconds: number;
}

/** Without samples while the database does not tell: an absent figure raises an alarm, a false zero would not. */
export async function outboxMeasures(read: () => Promise<Backlog>): Promise<Measure[]> {
  const backlog = await read().catch(() => undefined);
  const gauge = (name: string, help: string, value: number | undefined): Measure => ({
    name,
    help,
    kind: "gauge",
    samples: value === undefined ? [] : [{ labels: {}, value }],
  });
  return [
    gauge("outbox_waiting", "Events that are committed and not yet sent", backlog?.waiting),
    gauge("outbox_lag_seconds", "Age of the oldest event that is not yet sent", backlog?.lagSeconds),
  ];
}
