const version7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

/** When a UUIDv7 was made (RFC 9562, 5.7), in Unix milliseconds; undefined for an id of another kind. */
export const timeOfId = (id: string): number | undefined =>
  version7.test(id) ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;

/** The id that comes before all those made at `time` or later: a place in the log. */
export function firstIdAt(time: number): string {
  const digits = Math.max(0, Math.min(Math.trunc(time), 2 ** 48 - 1))
    .toString(16)
    .padStart(12, "0");
  return `${digits.slice(0, 8)}-${digits.slice(8)}-0000-0000-000000000000`;
}
