import { identify, type ServiceContext } from "@trivet/http";
import { TrivetError } from "@trivet/platform";
import type { Deps } from "./deps.ts";
import { networkOf } from "./network.ts";
import { assertAllowed } from "./rate-limit.ts";

/** Who asks, as far as the router needs to know: for limits, and to tell services the address. */
export interface Caller {
  userId: string | undefined;
  address: string;
  /** Set when the request came with an API key instead of a token. */
  exchangedToken: string | undefined;
}

/**
 * Looks at the token, without judging it: a route of the service behind may not need one, and the
 * service verifies it again. Only an API key is judged here, because it goes no further.
 */
export async function callerOf(c: ServiceContext<Deps>): Promise<Caller> {
  // Set by Cloudflare, and by the host from the connection; what the client sent under it is gone.
  const address = networkOf(c.req.header("cf-connecting-ip") ?? "unknown");
  const key = c.req.header("x-api-key");
  if (key === undefined || c.req.header("authorization") !== undefined) {
    return { userId: (await identify(c))?.id, address, exchangedToken: undefined };
  }
  const { apiKeys, services, call, limiters } = c.env.deps();
  // All keys of a user count as that user: each for itself, they would multiply the limit.
  const asOwner = async (token: string) => ({
    userId: (await identify(c, token))?.id,
    address,
    exchangedToken: token,
  });
  const known = apiKeys.find(key);
  if (known !== undefined) return await asOwner(known);
  const auth = services.get("auth");
  if (!auth) throw new TrivetError("unavailable", "API keys are exchanged by auth, which is not bound.");
  // Before the key is asked for: whoever guesses keys is held to what an address without a user may do.
  assertAllowed(limiters.address.take(address));
  return await asOwner(await apiKeys.exchange(key, auth, call));
}
