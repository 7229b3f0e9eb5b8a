export { type Allowance, type Limit, RateLimiter, type Sharing } from "./rate-limiter.ts";
export { SharedCount } from "./shared-count.ts";
