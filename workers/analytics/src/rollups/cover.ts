import { day, hour, quarter } from "../time/zone.ts";

export const levels = { quarter, hour, day } as const;

export type Level = keyof typeof levels;

/** Slots of one level from `from` to before `to`, in Unix milliseconds. */
export interface Piece {
  level: Level;
  from: number;
  to: number;
}

/** The fewest slots that make up a range whose ends are whole quarters of an hour: days within, the rest at its ends. */
export function cover(from: number, to: number): Piece[] {
  return coverBy(["day", "hour", "quarter"], from, to);
}

function coverBy([level, ...finer]: readonly Level[], from: number, to: number): Piece[] {
  if (level === undefined || from >= to) return [];
  const step = levels[level];
  const first = Math.ceil(from / step) * step;
  const last = Math.floor(to / step) * step;
  if (first >= last) return coverBy(finer, from, to);
  return [...coverBy(finer, from, first), { level, from: first, to: last }, ...coverBy(finer, last, to)];
}
