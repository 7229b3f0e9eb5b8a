import { TrivetError } from "@trivet/platform";
import type { Dimension } from "../queries/raw.ts";

const property = "property:";

/** What a `breakdown` of the query means. Throws `validation_failed` for what means nothing. */
export function dimensionOf(breakdown: string): Dimension {
  if (breakdown === "name" || breakdown === "source") return { kind: breakdown };
  const name = breakdown.slice(property.length);
  if (breakdown.startsWith(property) && name !== "") return { kind: "property", name };
  throw new TrivetError("validation_failed", undefined, {
    errors: [
      { in: "query", pointer: "/breakdown", detail: "must be `name`, `source`, or `property:` and a property's name" },
    ],
  });
}
