/** Milliseconds for which auth's "there is no such account" is believed. */
const lifetime = 10_000;
/** Ids remembered at most; the oldest is forgotten first. */
const capacity = 1_000;

const unknownUntil = new Map<string, number>();

/** Keeps a client that insists on an id that does not exist from asking auth each time. */
export function rememberUnknown(id: string, now = Date.now()): void {
  unknownUntil.delete(id);
  unknownUntil.set(id, now + lifetime);
  const [oldest] = unknownUntil.keys();
  if (unknownUntil.size > capacity && oldest !== undefined) unknownUntil.delete(oldest);
}

export const isUnknown = (id: string, now = Date.now()): boolean => (unknownUntil.get(id) ?? 0) > now;
