import type { ServiceContext } from "@trivet/http";
import { askedOf, isUsual, throughCache } from "./cache/index.ts";
import type { Caller } from "./caller.ts";
import type { Deps } from "./deps.ts";
import { forward, queryOf } from "./forward.ts";
import { isPersonal } from "./header-rules/index.ts";
import { forwards } from "./headers.ts";
import type { Destination } from "./public-path.ts";

/** The service's answer, or the one that is kept of it. */
export async function cached(c: ServiceContext<Deps>, to: Destination, caller: Caller): Promise<Response> {
  const { cache, env, invocation, headerRules } = c.env.deps();
  const { raw } = c.req;
  const asked = env.CACHE_BYTES === 0 ? undefined : askedOf(raw, to.path + queryOf(raw.url));
  if (!asked) return await forward(c, to, caller);
  return await throughCache({
    cache,
    asked,
    ask: (sent) => forward(c, to, caller, sent),
    signal: raw.signal,
    isUsual: () =>
      isUsual(raw.headers, forwards(raw.headers.get("connection"))) &&
      !isPersonal(headerRules.forRequest(raw.method, to)),
    mayWait: () => invocation.upstreams.of(to.service).breaker.state === "closed",
    invocation,
    patience: env.REQUEST_TIMEOUT_MS,
  });
}
