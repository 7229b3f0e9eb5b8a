export { hasRedisServer, type OwnRedis, startOwnRedis } from "./own-redis.ts";
export { startUpstashProxy, type UpstashProxy } from "./upstash-proxy.ts";
