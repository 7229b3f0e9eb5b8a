import { identify, identifyService, type ServiceContext } from "@trivet/http";
import { TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "./deps.ts";
import type { Counted } from "./limits.ts";
import { networkOf } from "./network.ts";
import { assertAllowed } from "./rate-limit.ts";

/** Who asks, as far as the router needs to know: for limits, and to tell services the address. */
export interface Caller extends Counted {
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
    return { ...(await known(c)), address, exchangedToken: undefined };
  }
  const { apiKeys, services, call, limits, invocation } = c.env.deps();
  // All keys of a user count as that user: each for itself, they would multiply the limit.
  const asOwner = async (token: string) => ({
    ...tierOf(await identify(c, token)),
    address,
    exchangedToken: token,
  });
  const auth = services.get("auth");
  if (!auth) throw new TrivetError("unavailable", "API keys are exchanged by auth, which is not bound.");
  const exchange = { auth, call, invocation };
  const exchanged = apiKeys.find(key, exchange);
  if (exchanged !== undefined) return await asOwner(exchanged);
  // Before the key is asked for: whoever guesses keys is held to what an address without a user may do.
  if (!apiKeys.isKnown(key)) assertAllowed(await limits.takeUnknown(address, invocation));
  return await asOwner(await apiKeys.exchange(key, exchange));
}

type Known = Pick<Counted, "id" | "tier">;

const tierOf = (user: UserActor | undefined): Known =>
  user ? { id: user.id, tier: user.role } : { id: undefined, tier: "anonymous" };

/** A service that comes by the public door shows the token that it would show to another service. */
async function known(c: ServiceContext<Deps>): Promise<Known> {
  const service = await identifyService(c);
  return service ? { id: service.name, tier: "service" } : tierOf(await identify(c));
}
