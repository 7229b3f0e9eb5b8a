import { exchangeApiKey } from "@trivet/contracts";
import { type Call, type ServiceBinding, sha256, TrivetError } from "@trivet/platform";

interface Exchanged {
  token: string;
  /** Unix milliseconds. */
  expiresAt: number;
}

const capacity = 10_000;
const renewBefore = 30_000;

/**
 * Access tokens that API keys have been exchanged for, kept until shortly before they expire: the
 * services behind know access tokens only. A revoked key therefore works until its token runs out.
 */
export class ApiKeys {
  readonly #tokens = new Map<string, Exchanged>();

  /** The token of a key that has been exchanged before. */
  find(key: string): string | undefined {
    const known = this.#tokens.get(sha256(key));
    return known && known.expiresAt - renewBefore > Date.now() ? known.token : undefined;
  }

  /** Throws what auth refuses the key with. */
  async exchange(key: string, auth: ServiceBinding, call: Call): Promise<string> {
    if (!exchangeApiKey.body.safeParse({ key }).success)
      throw new TrivetError("unauthenticated", "This is no API key.");
    const reply = await call(auth, exchangeApiKey, { body: { key } });
    if (this.#tokens.size >= capacity) this.#tokens.clear();
    this.#tokens.set(sha256(key), { token: reply.access_token, expiresAt: Date.now() + reply.expires_in * 1_000 });
    return reply.access_token;
  }
}
