import type { Database } from "@trivet/db";
import type { Count } from "../queries/raw.ts";
import { selectRollups } from "../queries/rollups.ts";
import { cover } from "../rollups/cover.ts";
import { emptySketch, estimate, mergePacked } from "../rollups/sketch.ts";
import type { Range } from "../time/range.ts";

/** The events and visitors of each name in each range, from what has been counted; the empty name is that of all events. */
export async function countRollups(
  db: Database,
  ranges: readonly Range[],
  names: readonly string[],
): Promise<Count[][]> {
  const found = new Map(
    names.map((name) => [name, ranges.map(() => ({ events: 0, visitors: emptySketch() }))] as const),
  );
  const pieces = ranges.map(({ from, to }) => cover(from, to));
  for (const { range, name, events, visitors } of await selectRollups(db, pieces, names)) {
    const count = found.get(name)?.[range];
    if (!count) continue;
    count.events += events;
    mergePacked(count.visitors, visitors);
  }
  return names.map((name) =>
    (found.get(name) ?? []).map(({ events, visitors }) => ({ events, uniqueUsers: estimate(visitors) })),
  );
}
