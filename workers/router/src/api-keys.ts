import { exchangeApiKey } from "@trivet/contracts";
import { type Call, describeError, type Invocation, type ServiceBinding, sha256, TrivetError } from "@trivet/platform";

interface Exchanged {
  token: string;
  /** When auth was asked, not when it answered: what ended in between is found out from here on. Unix milliseconds. */
  askedAt: number;
  /** Unix milliseconds. */
  expiresAt: number;
  /** When somebody last set out to ask again. Unix milliseconds. */
  renewingSince: number;
}

/** Whom to ask about a key, and the invocation to do it in. */
export interface Exchange {
  auth: ServiceBinding;
  call: Call;
  invocation: Invocation;
}

const capacity = 10_000;
/** A token that is older is renewed behind the answer that it still serves. */
const fresh = 15_000;
/** No token is shown longer, whoever can or cannot be asked: this is how long an ended key goes on working. */
const longestUse = 30_000;
/** A renewal that has not come back after this is taken for dead with its invocation. */
const longestRenewal = 5_000;
/** What a token must have left, for a service whose clock is ahead. */
const leastLife = 5_000;

/**
 * Access tokens that API keys have been exchanged for: the services behind know access tokens only.
 * Auth is asked again long before a token expires, since it alone knows whether a key has been
 * deleted or has lost its owner; nobody waits for that while the key is in use.
 */
export class ApiKeys {
  readonly #tokens = new Map<string, Exchanged>();

  /** The token of a key that auth has vouched for within half a minute. */
  find(key: string, exchange: Exchange): string | undefined {
    const known = this.#tokens.get(sha256(key));
    const now = Date.now();
    if (!known || now - known.askedAt >= longestUse || known.expiresAt - leastLife <= now) return undefined;
    if (now - known.askedAt >= fresh && now - known.renewingSince >= longestRenewal) {
      known.renewingSince = now;
      exchange.invocation.waitUntil(this.#renew(key, exchange));
    }
    return known.token;
  }

  /** Whether auth has vouched for the key while its last token lived, so that it is no guess. */
  isKnown(key: string): boolean {
    const known = this.#tokens.get(sha256(key));
    return known !== undefined && known.expiresAt > Date.now();
  }

  /** Throws what auth refuses the key with. */
  async exchange(key: string, { auth, call }: Exchange): Promise<string> {
    if (!exchangeApiKey.body.safeParse({ key }).success)
      throw new TrivetError("unauthenticated", "This is no API key.");
    const name = sha256(key);
    const askedAt = Date.now();
    const reply = await call(auth, exchangeApiKey, { body: { key } }).catch((error: unknown) => {
      if (isRefusal(error)) this.#tokens.delete(name);
      throw error;
    });
    if (this.#tokens.size >= capacity) this.#tokens.clear();
    const expiresAt = askedAt + reply.expires_in * 1_000;
    this.#tokens.set(name, { token: reply.access_token, askedAt, expiresAt, renewingSince: askedAt });
    return reply.access_token;
  }

  async #renew(key: string, exchange: Exchange): Promise<void> {
    try {
      await this.exchange(key, exchange);
    } catch (error) {
      if (isRefusal(error)) return;
      exchange.invocation.log.warn("The token of an API key could not be renewed", { fault: describeError(error) });
    }
  }
}

const isRefusal = (error: unknown): boolean => error instanceof TrivetError && error.code === "unauthenticated";
