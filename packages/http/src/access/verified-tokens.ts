interface Entry<Subject> {
  subject: Subject;
  /** Unix milliseconds. */
  expiresAt: number;
  keyId: string;
}

const capacity = 10_000;

/**
 * Tokens whose signature has been checked, so that a repeated request costs a look-up instead of a
 * signature check. Bounded: the oldest entry makes room for a new one.
 */
export class VerifiedTokens<Subject> {
  readonly #entries = new Map<string, Entry<Subject>>();

  /** The subject, as long as the token has not expired and its key is still trusted. */
  find(token: string, trusts: (keyId: string) => boolean): Subject | undefined {
    const entry = this.#entries.get(token);
    if (!entry) return undefined;
    if (entry.expiresAt > Date.now() && trusts(entry.keyId)) return entry.subject;
    this.#entries.delete(token);
    return undefined;
  }

  add(token: string, entry: Entry<Subject>): void {
    if (this.#entries.size >= capacity) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
    }
    this.#entries.set(token, entry);
  }
}
