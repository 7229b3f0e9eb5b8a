import { type RateLimitSubject, rateLimitCases, rateLimitSections } from "@trivet/testing/conformance/rate-limit";
import { afterAll, describe, test } from "vitest";
import { rateLimitBinder } from "../../src/ratelimits/index.ts";
import { memoryBinding } from "../../src/redis/memory/binding.ts";
import { respBinding } from "../../src/redis/resp.ts";

const redisUrl = process.env.REDIS_URL;

function subject(redis: Parameters<typeof rateLimitBinder>[0]): RateLimitSubject {
  const bind = rateLimitBinder(redis, { waitUntil: () => undefined });
  const [five, other, many] = rateLimitSections.map(({ name, namespace_id, simple }) =>
    bind({ binding: name, namespace: namespace_id, ...simple }),
  );
  if (!five || !other || !many) throw new Error("The suite needs three bindings.");
  return { FIVE: five, OTHER: other, MANY: many };
}

describe("[[ratelimits]] in-process", () => {
  const bindings = subject(memoryBinding());
  test.each(rateLimitCases)("$title", ({ run }) => run(bindings));
});

describe.skipIf(redisUrl === undefined)(`[[ratelimits]] on Redis${redisUrl ? "" : ": REDIS_URL is not set"}`, () => {
  const redis = respBinding(redisUrl ?? "redis://127.0.0.1");
  const bindings = subject(redis);
  afterAll(() => redis.close());
  test.each(rateLimitCases)("$title", ({ run }) => run(bindings));
});
