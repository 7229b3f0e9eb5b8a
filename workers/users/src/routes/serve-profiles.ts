import { batchLimit, getProfiles, id } from "@trivet/contracts";
import { TrivetError } from "@trivet/platform";
import { z } from "zod";
import { serve } from "../deps.ts";
import { selectCards } from "../queries/profiles.ts";

const ids = z.array(id).max(batchLimit);

export const serveProfiles = serve(getProfiles, async ({ deps, query }) => {
  const asked = ids.safeParse(query.ids.split(","));
  if (!asked.success) {
    throw new TrivetError("validation_failed", undefined, {
      errors: [{ in: "query", pointer: "/ids", detail: `must be up to ${batchLimit} UUIDs, separated by commas` }],
    });
  }
  return { items: await selectCards(deps.db, asked.data) };
});
