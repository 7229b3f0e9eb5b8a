import type { Deps } from "../deps.ts";
import { countByValue, countEvents } from "../queries/raw.ts";
import type { Realtime } from "../schemas.ts";
import { minute } from "../time/zone.ts";

const shown = 30;
const active = 5;
const namesShown = 10;

/** What happens now: read from the single events, as the rollups are up to a minute behind. */
export async function readRealtime({ db }: Pick<Deps, "db">): Promise<Realtime> {
  const to = (Math.floor(Date.now() / minute) + 1) * minute;
  const last = (minutes: number) => ({ from: to - minutes * minute, to, timeZone: "UTC" });
  const parts = Array.from({ length: shown }, (_, index) => {
    const from = to - (shown - index) * minute;
    return { from, to: from + minute, timeZone: "UTC" };
  });
  const [minutes, names, [now]] = await Promise.all([
    countEvents(db, { range: last(shown) }, parts),
    countByValue(db, { range: last(shown) }, { kind: "name" }, namesShown),
    countEvents(db, { range: last(active) }, [last(active)]),
  ]);
  return {
    activeUsers: now?.uniqueUsers ?? 0,
    minutes: parts.map(({ from }, index) => ({
      at: new Date(from).toISOString(),
      ...(minutes[index] ?? { events: 0, uniqueUsers: 0 }),
    })),
    names,
  };
}
