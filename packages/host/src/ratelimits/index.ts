export { type RateLimitSection, rateLimitBinder } from "./binding.ts";
