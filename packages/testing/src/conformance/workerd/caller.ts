import type { ServiceBinding } from "@trivet/platform";
import { serviceBindingCases } from "../service-binding.ts";

/** A Worker that runs every case against its binding CALLEE and answers what became of each. */
export default {
  async fetch(_: Request, { CALLEE }: { CALLEE: ServiceBinding }): Promise<Response> {
    const results: Record<string, string> = {};
    for (const { title, needs, run } of serviceBindingCases) {
      if (needs) continue;
      results[title] = await run({ binding: CALLEE }).then(
        () => "kept",
        (error: unknown) => String(error),
      );
    }
    return Response.json(results);
  },
};
