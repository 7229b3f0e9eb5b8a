import type { Deps } from "../deps.ts";

/** Who asks an authenticator to sign: this system, at its public address (WebAuthn Level 3, 5.1). */
export interface RelyingParty {
  /** The host: a passkey is worth nothing at any other. */
  id: string;
  origin: string;
}

export function relyingParty({ env }: Pick<Deps, "env">): RelyingParty {
  const { hostname, origin } = new URL(env.PUBLIC_URL);
  return { id: hostname, origin };
}

/** Seconds somebody has to touch the authenticator. */
export const ceremonySeconds = 300;
