import type { Range } from "../time/range.ts";

/** A range as answers say it: the one that was counted, which may be a little wider than the one that was asked for. */
export const rangeShown = ({ from, to, timeZone }: Range): { from: string; to: string; timeZone: string } => ({
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
  timeZone,
});
