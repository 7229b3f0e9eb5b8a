import type { Keep } from "@trivet/platform";
import { type RedisBinding, restBinding } from "@trivet/platform/redis";
import type { Source } from "../config/index.ts";
import type { Manifest } from "../manifest/index.ts";
import { memoryBinding } from "./memory/binding.ts";

const restUrl = "UPSTASH_REDIS_REST_URL";
const restToken = "UPSTASH_REDIS_REST_TOKEN";

/** A service that names the variable it needs for Redis on Cloudflare is given a Redis here. */
export const usesRedis = ({ vars }: Pick<Manifest, "vars">): boolean => Object.hasOwn(vars, restUrl);

const protocols = new Set(["redis:", "rediss:"]);

/**
 * The Redis of this process: that of `REDIS_URL`, else the one behind Upstash's REST protocol, else one of
 * its own. The driver is loaded where it is needed only.
 */
export async function chooseRedis(source: Source, keep: Keep): Promise<{ redis?: RedisBinding; fault?: string }> {
  const url = source.read("REDIS_URL");
  if (url) {
    // The value may hold a password and is not repeated.
    if (!protocols.has(URL.parse(url)?.protocol ?? ""))
      return { fault: "REDIS_URL is not a URL like redis://user:password@host:6379/0" };
    const { respBinding } = await import("./resp.ts");
    return {
      redis: keep(
        () => respBinding(url),
        (binding) => binding.close(),
      ),
    };
  }
  const rest = source.read(restUrl);
  if (!rest) return { redis: memoryBinding() };
  const token = source.read(restToken);
  if (!URL.canParse(rest)) return { fault: `${restUrl} is not a URL like https://name.upstash.io` };
  if (!token) return { fault: `${restToken} is missing: ${restUrl} is set, and answers nobody without it` };
  return { redis: restBinding(rest, token) };
}
