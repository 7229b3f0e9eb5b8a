import { type CryptoKey, importJWK } from "jose";
import { z } from "zod";

/** Fetches the JWKS (RFC 7517) document of the issuer. */
export type FetchKeys = () => Promise<unknown>;

const algorithm = "EdDSA";

const jwk = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  kid: z.string().min(1),
  alg: z.literal(algorithm),
  x: z.string(),
});

/** RFC 7517, section 5: keys of kinds one does not use are passed over. */
const jwks = z.object({
  keys: z.array(z.unknown()).transform((keys) => keys.flatMap((key) => jwk.safeParse(key).data ?? [])),
});

const staleAfter = 60_000;
/** How long an unknown key id has to wait before the document is fetched once more. */
const refetchAfter = 1_000;

/** How long to wait for a fetch that another request began, and how often to look whether it is done. */
const patience = 2_000;
const glance = 10;

/**
 * The issuer's public keys, kept in memory. Only finished data is kept, never a promise under way:
 * on Workers another invocation must not wait for it, but may look whether it is done. A document that
 * cannot be fetched leaves the last good one in place.
 */
export class KeySet {
  #keys = new Map<string, CryptoKey>();
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** What the last try came to. */
  #outcome: "none" | "under way" | "fetched" | "failed" = "none";

  readonly trusts = (keyId: string): boolean => this.#keys.has(keyId);

  /** True when keys that have been fetched once should be fetched anew in the background. */
  get stale(): boolean {
    const age = Date.now() - this.#fetchedAt;
    return age > staleAfter && age !== Number.POSITIVE_INFINITY && Date.now() - this.#triedAt > refetchAfter;
  }

  /**
   * The key of this id; an id not seen before is looked for in a fresh document. Rejects when that
   * cannot be had: an unknown key is then no proof of a forgery.
   */
  async find(keyId: string, fetchKeys: FetchKeys): Promise<CryptoKey | undefined> {
    const known = this.#keys.get(keyId);
    if (known) return known;
    if (Date.now() - this.#triedAt < refetchAfter) await this.#lastTry();
    else await this.refresh(fetchKeys);
    return this.#keys.get(keyId);
  }

  async refresh(fetchKeys: FetchKeys): Promise<void> {
    // Until the first document is there every request may try, lest one failure turn away a second of callers.
    if (this.#fetchedAt !== Number.NEGATIVE_INFINITY) this.#triedAt = Date.now();
    this.#outcome = "under way";
    try {
      this.#keys = await importKeys(await fetchKeys());
      this.#fetchedAt = Date.now();
      this.#triedAt = this.#fetchedAt;
      this.#outcome = "fetched";
    } catch (error) {
      this.#outcome = "failed";
      throw error;
    }
  }

  /** Settles as the try that another request has begun does. */
  async #lastTry(): Promise<void> {
    const until = performance.now() + patience;
    while (this.#outcome === "under way" && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, glance));
    }
    if (this.#outcome !== "fetched") throw new Error("The last try to fetch the keys failed.");
  }
}

async function importKeys(document: unknown): Promise<Map<string, CryptoKey>> {
  const keys = new Map<string, CryptoKey>();
  for (const { kid, ...key } of jwks.parse(document).keys) {
    const imported = await importJWK(key, algorithm);
    if (!(imported instanceof Uint8Array)) keys.set(kid, imported);
  }
  return keys;
}
