/** Where two values part, one line a place: `/headers/vary: "origin" | undefined`. */
export function differences(a: unknown, b: unknown, at = ""): string[] {
  if (Object.is(a, b) || (at === "/headers/retry-after" && isNear(a, b))) return [];
  if (!isObject(a) || !isObject(b)) return [`${at}: ${shown(a)} | ${shown(b)}`];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => differences(a[name], b[name], `${at}/${name}`));
}

/** Seconds that are counted down to, each by a clock of its own, from requests a moment apart. */
const isNear = (a: unknown, b: unknown): boolean =>
  [a, b].every((value) => /^[1-9]\d*$/.test(String(value))) && Math.abs(Number(a) - Number(b)) <= 2;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const shown = (value: unknown): string => (JSON.stringify(value) ?? "nothing").slice(0, 200);
