import { type RateLimitSubject, rateLimitCases } from "../rate-limit.ts";

/** A Worker that runs every case against its bindings and answers what became of each. */
export default {
  async fetch(_: Request, env: RateLimitSubject): Promise<Response> {
    const results: Record<string, string> = {};
    for (const { title, run } of rateLimitCases) {
      results[title] = await run(env).then(
        () => "kept",
        (error: unknown) => String(error),
      );
    }
    return Response.json(results);
  },
};
