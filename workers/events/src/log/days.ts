/** A day in UTC, which is what a partition of the log holds. */
export interface Day {
  /** Unix milliseconds of its beginning. */
  begins: number;
}

const dayLength = 86_400_000;

export const dayOf = (time: number): Day => ({ begins: time - (time % dayLength) });

export const daysFrom = (day: Day, count: number): Day => ({ begins: day.begins + count * dayLength });

/** `20261120` */
export const nameOfDay = ({ begins }: Day): string => new Date(begins).toISOString().slice(0, 10).replaceAll("-", "");

/** The day of a name, or undefined where it is none. */
export function dayNamed(name: string): Day | undefined {
  const [, year, month, date] = /^(\d{4})(\d\d)(\d\d)$/.exec(name) ?? [];
  const begins = Date.parse(`${year}-${month}-${date}T00:00:00.000Z`);
  return Number.isNaN(begins) ? undefined : { begins };
}
