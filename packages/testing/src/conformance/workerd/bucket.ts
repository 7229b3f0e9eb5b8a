import type { BucketBinding } from "@trivet/platform";
import { bucketCases } from "../bucket/index.ts";

/** A Worker that runs every case against its binding BUCKET and answers what became of each. */
export default {
  async fetch(_: Request, { BUCKET }: { BUCKET: BucketBinding }): Promise<Response> {
    const results: Record<string, string> = {};
    for (const { title, run } of bucketCases) {
      results[title] = await run({ bucket: BUCKET }).then(
        () => "kept",
        (error: unknown) => String(error),
      );
    }
    return Response.json(results);
  },
};
