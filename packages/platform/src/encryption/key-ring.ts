import { base64url } from "jose";
import { sha256 } from "../digest.ts";

const keyBytes = 32;

interface RingKey {
  bytes: Uint8Array<ArrayBuffer>;
  imported?: CryptoKey;
}

/**
 * The keys under which one service is spoken to, by their ids. The first encrypts and all decrypt, so that a key is
 * changed in steps none of which refuses anybody: the new one is added behind, then moved to the front, then left alone.
 */
export class KeyRing {
  readonly #keys: ReadonlyMap<string, RingKey>;
  /** The id of the key that encrypts. */
  readonly current: string;

  private constructor(keys: ReadonlyMap<string, RingKey>, current: string) {
    this.#keys = keys;
    this.current = current;
  }

  /** Of keys of 32 bytes in base64url or base64, separated by commas; undefined for anything else. */
  static parse(text: string): KeyRing | undefined {
    const keys = new Map<string, RingKey>();
    for (const part of text.split(",")) {
      const bytes = bytesOf(part.trim());
      if (bytes?.byteLength !== keyBytes) return undefined;
      keys.set(keyId(bytes), { bytes });
    }
    const [current] = keys.keys();
    return current === undefined ? undefined : new KeyRing(keys, current);
  }

  async find(kid: string): Promise<CryptoKey | undefined> {
    const key = this.#keys.get(kid);
    if (key === undefined) return undefined;
    key.imported ??= await crypto.subtle.importKey("raw", key.bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
    return key.imported;
  }
}

/** Whoever talks encrypted to a service holds its ring: by the service's name. */
export type KeyRings = ReadonlyMap<string, KeyRing>;

/** The variable that holds the ring of a service: `ANALYTICS_KEY`. */
export const keyVariable = (service: string): string => `${service.toUpperCase().replaceAll("-", "_")}_KEY`;

/** The rings among the values of a parsed `env`. */
export const keyRingsIn = (env: object): KeyRings =>
  new Map(
    Object.entries(env).flatMap(([name, value]: [string, unknown]) =>
      value instanceof KeyRing && name.endsWith("_KEY") ? [[serviceOf(name), value] as const] : [],
    ),
  );

const serviceOf = (variable: string): string => variable.slice(0, -"_KEY".length).toLowerCase().replaceAll("_", "-");

/** RFC 7638: every holder of a key computes the same id, and 256 random bits cannot be guessed from their digest. */
const keyId = (bytes: Uint8Array): string => sha256(JSON.stringify({ k: base64url.encode(bytes), kty: "oct" }));

function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w+/-]{43}=?$/.test(text)) return undefined;
  return new Uint8Array(base64url.decode(text.replaceAll("+", "-").replaceAll("/", "_").replace("=", "")));
}
