import { scrypt, timingSafeEqual } from "node:crypto";

/**
 * Passwords as scrypt in PHC string form: `$scrypt$ln=15,r=8,p=3$<salt>$<key>`.
 *
 * The parameters are OWASP's for scrypt with 32 MiB (Password Storage Cheat Sheet). scrypt rather
 * than argon2id because Workers cannot compile WASM at run time and node:crypto's scrypt is native
 * on all three runtimes; PBKDF2 is capped there at 100,000 iterations.
 */
export interface ScryptCost {
  /** log2 of the number of iterations. */
  ln: number;
  r: number;
  p: number;
}

export const passwordCost: ScryptCost = { ln: 15, r: 8, p: 3 };

const saltBytes = 16;
const keyBytes = 32;
const phc = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z\d+/]+)\$([A-Za-z\d+/]+)$/;

export async function hashPassword(password: string, cost: ScryptCost = passwordCost): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes));
  const key = await derive(password, salt, keyBytes, cost);
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${encode(salt)}$${encode(key)}`;
}

/** False for a wrong password and for a hash that is not scrypt in PHC form. */
export async function verifyPassword(hash: string, password: string): Promise<boolean> {
  const parsed = parse(hash);
  if (!parsed) return false;
  const key = await derive(password, parsed.salt, parsed.key.length, parsed.cost);
  return timingSafeEqual(key, parsed.key);
}

/** Whether a hash was made with other parameters than today's and should be made anew at login. */
export function needsRehash(hash: string, cost: ScryptCost = passwordCost): boolean {
  const parsed = parse(hash);
  return !parsed || parsed.cost.ln !== cost.ln || parsed.cost.r !== cost.r || parsed.cost.p !== cost.p;
}

function parse(hash: string): { cost: ScryptCost; salt: Uint8Array; key: Uint8Array } | undefined {
  const match = phc.exec(hash);
  if (!match) return undefined;
  const [ln = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  const [salt, key] = match.slice(4).map(decode);
  // A cost out of these bounds was never ours, and would stop the process or protect nothing.
  const bounded = ln >= 1 && ln <= 20 && r >= 1 && r <= 32 && p >= 1 && p <= 16;
  if (!bounded || !salt || !key || key.length < keyBytes / 2) return undefined;
  return { cost: { ln, r, p }, salt, key };
}

function derive(password: string, salt: Uint8Array, length: number, cost: ScryptCost): Promise<Uint8Array> {
  const N = 2 ** cost.ln;
  // NFKC, so that the same characters typed on another keyboard are the same password (NIST SP 800-63B).
  const bytes = new TextEncoder().encode(password.normalize("NFKC"));
  return new Promise((resolve, reject) => {
    scrypt(bytes, salt, length, { N, r: cost.r, p: cost.p, maxmem: 256 * N * cost.r }, (error, key) => {
      if (error) reject(error);
      else resolve(new Uint8Array(key));
    });
  });
}

const encode = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes)).replaceAll("=", "");

function decode(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
