import { createCall, describeError, type Invocation } from "@trivet/platform";
import type { FetchKeys } from "./access/key-set.ts";
import type { ServiceEnv } from "./env.ts";
import type { Uploading } from "./input/upload.ts";
import type { Mounted } from "./mounted.ts";
import type { RequestState } from "./state.ts";

/** What travels with a request; nothing of it is made before it is asked for. */
export function requestState<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  invocation: Invocation,
  uploading: Uploading = { current: undefined },
): RequestState<Deps> {
  const { service, env } = mounted;
  const call = createCall(invocation, env.SERVICE_JWT_SECRET, mounted.keys);
  let made: { deps: Deps } | undefined;
  const deps = (): Deps => {
    made ??= { deps: service.deps({ env, invocation, call }) };
    return made.deps;
  };
  const fetchKeys = keysOf(mounted, deps);
  const { userTokens, serviceTokens, metrics } = mounted;
  if (userTokens.keys.stale) {
    invocation.waitUntil(
      userTokens.keys.refresh(fetchKeys).catch((error: unknown) => {
        invocation.log.warn("The keys that verify tokens could not be refreshed", { fault: describeError(error) });
      }),
    );
  }
  return {
    invocation,
    call,
    deps,
    idempotency: () => service.idempotency?.(deps()),
    replays: () => service.replays?.(deps()),
    keys: mounted.keys,
    sealAnswer: undefined,
    fetchKeys,
    userTokens,
    serviceTokens,
    metrics,
    assets: env.ASSETS,
    env,
    uploading,
    since: mounted.since,
    route: undefined,
  };
}

/** From the service itself where it is the issuer, else from the AUTH binding. */
const keysOf =
  <Env extends ServiceEnv, Deps>({ service, env }: Mounted<Env, Deps>, deps: () => Deps): FetchKeys =>
  async () => {
    if (service.keys) return await service.keys(deps());
    if (!env.AUTH) throw new Error("There is no AUTH binding to fetch the keys from.");
    const response = await env.AUTH.fetch(new Request("http://auth/auth/.well-known/jwks.json"));
    if (!response.ok) throw new Error(`auth answered ${response.status} instead of its keys.`);
    return await response.json();
  };
