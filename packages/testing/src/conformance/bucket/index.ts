import { conditionCases } from "./conditions.ts";
import { listingCases } from "./listing.ts";
import { rangeCases } from "./ranges.ts";
import type { BucketCase } from "./subject.ts";
import { uploadCases } from "./uploads.ts";
import { valueCases } from "./values.ts";

export { s3Differs, s3ServerDiffers } from "./differs.ts";

/** Every case; each has keys of its own and none depends on another. */
export const bucketCases: readonly BucketCase[] = [
  ...valueCases,
  ...conditionCases,
  ...rangeCases,
  ...listingCases,
  ...uploadCases,
];
