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

/** What is wrong with the addresses, whoever uses them. Values may hold a password and are not repeated. */
export function redisFaults(source: Source): string[] {
  const url = source.read("REDIS_URL");
  const [rest, token] = [source.read(restUrl), source.read(restToken)];
  const faults: string[] = [];
  const leftOut = "correct it, or leave it out for a Redis inside each process";
  if (url && !isRedisUrl(URL.parse(url)))
    faults.push(`REDIS_URL is not a URL like redis://user:password@host:6379/0 (rediss:// likewise): ${leftOut}`);
  if (rest && !/^https?:$/.test(URL.parse(rest)?.protocol ?? ""))
    faults.push(`${restUrl} is not a URL like https://name.upstash.io: ${leftOut}`);
  if (rest && !token) faults.push(`${restToken} is missing: ${restUrl} is set, and answers nobody without it`);
  if (token && !rest) faults.push(`${restUrl} is missing: ${restToken} is set, and opens nothing without it`);
  return faults;
}

const isRedisUrl = (url: URL | null): boolean =>
  url !== null && protocols.has(url.protocol) && url.hostname !== "" && /^\/?\d*$/.test(url.pathname);

/**
 * The Redis of this process: that of `REDIS_URL`, else the one behind Upstash's REST protocol, else one of
 * its own; undefined where `redisFaults` has something to say. The driver is loaded where it is needed only.
 */
export async function chooseRedis(source: Source, keep: Keep): Promise<RedisBinding | undefined> {
  if (redisFaults(source).length > 0) return undefined;
  const url = source.read("REDIS_URL");
  if (url) {
    const { respBinding } = await import("./resp.ts");
    return keep(
      () => respBinding(url),
      (binding) => binding.close(),
    );
  }
  const [rest, token] = [source.read(restUrl), source.read(restToken)];
  return rest && token ? restBinding(rest, token) : memoryBinding();
}
