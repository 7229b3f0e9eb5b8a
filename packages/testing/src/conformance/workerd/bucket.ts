import type { BucketBinding } from "@trivet/platform";
import { bucketCases } from "../bucket/index.ts";

/** A Worker that runs every case against its binding BUCKET and answers what became of each. */
export default {
  async fetch(_: Request, { BUCKET }: { BUCKET: BucketBinding }): Promise<Response> {
    const results: Record<string, string> = {};
    const waiting = bucketCases.values();
    // They are independent, and spend most of their time waiting.
    const work = async (): Promise<void> => {
      for (const { title, run } of waiting) {
        results[title] = await run({ bucket: BUCKET }).then(
          () => "kept",
          (error: unknown) => String(error),
        );
      }
    };
    await Promise.all(Array.from({ length: 4 }, work));
    return Response.json(results);
  },
};
