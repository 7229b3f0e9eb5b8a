/**
 * Cron expressions as Cloudflare reads them (https://developers.cloudflare.com/workers/configuration/cron-triggers/,
 * https://github.com/cloudflare/saffron): five fields, UTC, Sunday is 1, and of Quartz `L`, `W` and `#`.
 *
 * croner, which finds the ticks, reads a wider language and some of the same words otherwise. So an expression is
 * read here, what Cloudflare would refuse is refused, and croner is given lists of plain values.
 */
interface Field {
  name: string;
  min: number;
  max: number;
  /** Names of the values from `min` on, in any case. */
  names: readonly string[];
  /** Forms that stand alone in their field: what croner is to be given, or undefined where it is no such form. */
  special?(text: string, field: Field): string | undefined;
}

class CronFault extends Error {}

const fields: readonly Field[] = [
  { name: "minute", min: 0, max: 59, names: [] },
  { name: "hour", min: 0, max: 23, names: [] },
  { name: "day of the month", min: 1, max: 31, names: [], special: specialDay },
  {
    name: "month",
    min: 1,
    max: 12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  },
  {
    name: "weekday",
    min: 1,
    max: 7,
    names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
    special: specialWeekday,
  },
];

/** What croner is to be given, or what is wrong with the expression. */
export function readExpression(text: string): { pattern: string } | { fault: string } {
  const texts = text.split(/[ \t]+/);
  if (texts.length !== fields.length || texts.includes("")) {
    return { fault: "is not five fields: minute, hour, day of the month, month, weekday" };
  }
  try {
    return { pattern: fields.map((field, index) => readField(texts[index] ?? "", field)).join(" ") };
  } catch (error) {
    if (error instanceof CronFault) return { fault: error.message };
    throw error;
  }
}

function readField(text: string, field: Field): string {
  if (text === "*") return "*";
  const special = field.special?.(text, field);
  if (special !== undefined) return special;
  const values = new Set(text.split(",").flatMap((part) => readPart(part, field)));
  // In the fields of days croner treats a `*` as not being there; a list of all is not the same.
  const all = field.special === undefined && values.size === field.max - field.min + 1;
  return all ? "*" : [...values].sort((a, b) => a - b).join(",");
}

/** `3`, `3-7`, `3-7/2`, `3/2` or `*` with a step. */
function readPart(part: string, field: Field): number[] {
  const [range = "", step, ...rest] = part.split("/");
  const [first = "", last, ...more] = range.split("-");
  if (rest.length > 0 || more.length > 0 || (range === "*" && step === undefined)) {
    throw new CronFault(`has "${part}" as ${field.name}, which is no value, range or step`);
  }
  const from = range === "*" ? field.min : readValue(first, field);
  const open = step === undefined ? from : field.max;
  const to = last === undefined ? open : readValue(last, field);
  if (to < from) {
    const ways = `${first}-${field.max},${field.min}-${last}`;
    throw new CronFault(`has "${part}" as ${field.name}, a range that runs backwards; write ${ways}`);
  }
  const by = step === undefined ? 1 : readStep(step, field);
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

function readValue(text: string, { name, min, max, names }: Field): number {
  const index = names.indexOf(text.toUpperCase());
  const value = index === -1 ? digits(text) : min + index;
  if (value >= min && value <= max) return value;
  const or = names.length === 0 ? "" : ` or ${names[0]} to ${names.at(-1)}`;
  throw new CronFault(`has "${text}" as ${name}, which is not ${min} to ${max}${or}`);
}

function readStep(text: string, { name, min, max }: Field): number {
  const step = digits(text);
  if (step >= 1 && step <= max - min) return step;
  throw new CronFault(`has "/${text}" as step of the ${name}, which is not 1 to ${max - min}`);
}

const digits = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.NaN);

/** `L`, `LW` and `15W`. */
function specialDay(text: string, field: Field): string | undefined {
  if (text === "L" || text === "LW") return text;
  if (/^L-\d+W?$/.test(text)) {
    throw new CronFault(`counts back from the end of the month with "${text}", which this host cannot; name the day`);
  }
  return /^\d+W$/.test(text) ? `${readValue(text.slice(0, -1), field)}W` : undefined;
}

/** `L` is Saturday, `6L` the last Friday of the month, `6#3` its third. */
function specialWeekday(text: string, field: Field): string | undefined {
  if (text === "L") return String(field.max);
  const [, day, form] = /^(\w+?)(L|#[1-5])$/.exec(text) ?? [];
  if (day === undefined || form === undefined) return undefined;
  return `${readValue(day, field)}#${form.replace("#", "")}`;
}
