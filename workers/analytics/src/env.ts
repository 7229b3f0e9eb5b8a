import { databaseBinding, encryptionKeys, serviceBinding, serviceEnv } from "@trivet/http";
import { z } from "zod";
import { sites } from "./ingest/sites.ts";

export const env = serviceEnv.extend({
  DB: databaseBinding,
  AUTH: serviceBinding,
  USERS: serviceBinding,
  ANALYTICS_KEY: encryptionKeys,
  /** The pages whose visitors may send events without a token. */
  ANALYTICS_SITES: sites,
  /** Days for which single events are kept; what was counted of them stays. */
  ANALYTICS_RETENTION_DAYS: z
    .string()
    .default("90")
    .refine((days) => /^\d{1,4}$/.test(days) && Number(days) >= 8, {
      error: "must be a number of days from 8 to 9999, such as 90",
    })
    .transform(Number),
});

export type Env = z.output<typeof env>;
