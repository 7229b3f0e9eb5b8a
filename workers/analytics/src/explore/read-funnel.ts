import type { Deps } from "../deps.ts";
import { countSteps } from "../queries/funnels.ts";
import type { Funnel, FunnelQuestion } from "../schemas.ts";
import { rangeShown } from "../stats/range-shown.ts";
import { longestOfEvents, rangeOf } from "../time/range.ts";

/** How many came how far along some steps within a range. */
export async function readFunnel({ db }: Pick<Deps, "db">, question: FunnelQuestion): Promise<Funnel> {
  const { from: since, to: until, steps } = question;
  const asked = { from: since && new Date(since), to: until && new Date(until) };
  const range = rangeOf({ from: asked.from || undefined, to: asked.to || undefined }, Date.now(), longestOfEvents);
  const counts = await countSteps(db, range, steps);
  const all = counts[0]?.uniqueUsers ?? 0;
  const { from, to } = rangeShown(range);
  return {
    ...{ from, to },
    steps: counts.map((count, index) => ({
      event: steps[index]?.event ?? "",
      ...count,
      share: all === 0 ? 0 : count.uniqueUsers / all,
    })),
  };
}
