import type { Deps } from "../deps.ts";
import { selectSalt } from "../queries/salts.ts";

/** What tells visitors without an account apart for a day. */
export interface Traits {
  site: string;
  address: string;
  userAgent: string;
}

/** Today's salt, so that it is read once a day. */
const known = new WeakMap<object, { day: string; salt: string }>();

/**
 * A visitor's id for today: a hash that nobody can compute again once the day's salt is deleted. The address goes into
 * it and nowhere else.
 */
export async function visitorOf({ db, env }: Deps, { site, address, userAgent }: Traits, now: Date): Promise<string> {
  const salt = await saltOf({ db, env }, now.toISOString().slice(0, 10));
  const text = JSON.stringify([salt, site, address, userAgent]);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return uuidOf(digest);
}

/** A UUID of version 8 (RFC 9562, 5.8), so that it can be no user's, which are of version 7. */
function uuidOf(digest: Uint8Array): string {
  const bytes = digest.slice(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

async function saltOf({ db, env }: Pick<Deps, "db" | "env">, day: string): Promise<string> {
  const kept = known.get(env);
  if (kept?.day === day) return kept.salt;
  const offered =
    uuidOf(crypto.getRandomValues(new Uint8Array(16))) + uuidOf(crypto.getRandomValues(new Uint8Array(16)));
  const salt = await selectSalt(db, day, offered);
  known.set(env, { day, salt });
  return salt;
}
