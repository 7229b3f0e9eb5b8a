import { createMiddleware } from "hono/factory";
import type { Cacheable, RouteContract } from "../contract.ts";

/** Says of the route's answers, not of its refusals, that caches may keep them. */
export const cacheable = (cache: Cacheable) => {
  const control = controlOf(cache);
  const tags = cache.tags?.join(",");
  return createMiddleware(async (c, next) => {
    await next();
    if (c.res.status !== 200 && c.res.status !== 304) return;
    c.res.headers.set("cache-control", control);
    if (tags !== undefined) c.res.headers.set("cache-tag", tags);
  });
};

/** Throws where an answer that depends on who asks would be given to everybody. */
export function assertCacheable({ method, path, access, cache }: RouteContract): void {
  if (cache === undefined || (method === "get" && access.kind === "anyone")) return;
  throw new Error(
    `${method.toUpperCase()} ${path} cannot have a \`cache\`: that is for a GET whose access is \`anyone\`.`,
  );
}

function controlOf({ maxAge, staleWhileRevalidate, staleIfError }: Cacheable): string {
  const seconds = { "max-age": maxAge, "stale-while-revalidate": staleWhileRevalidate, "stale-if-error": staleIfError };
  const said = Object.entries(seconds).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
  return ["public", ...said].join(", ");
}
