import type { Source } from "../config/index.ts";

const most = 256;

export const isProcessCount = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;

export const countRange = `a whole number from 1 to ${most}`;

/** `PROCESSES`: how many share the ports. One unless told: a container is one process. */
export function readProcessCount(source: Source): { count: number; fault?: string } {
  const given = source.read("PROCESSES");
  if (given === undefined || given === "") return { count: 1 };
  const count = Number(given);
  return isProcessCount(count) ? { count } : { count: 1, fault: `PROCESSES is "${given}"; it must be ${countRange}` };
}
