import type { Database } from "@trivet/db";
import type { Count } from "../queries/raw.ts";
import { selectRollups } from "../queries/rollups.ts";
import { cover } from "../rollups/cover.ts";
import { emptySketch, estimate, mergePacked } from "../rollups/sketch.ts";
import type { Range } from "../time/range.ts";

/** The events and visitors of some ranges, from what has been counted; the empty name is that of all events. */
export async function countRollups(db: Database, ranges: readonly Range[], name: string): Promise<Count[]> {
  const counts = ranges.map(() => ({ events: 0, visitors: emptySketch() }));
  const pieces = ranges.map(({ from, to }) => cover(from, to));
  for (const { range, events, visitors } of await selectRollups(db, pieces, name)) {
    const count = counts[range];
    if (!count) continue;
    count.events += events;
    mergePacked(count.visitors, visitors);
  }
  return counts.map(({ events, visitors }) => ({ events, uniqueUsers: estimate(visitors) }));
}
