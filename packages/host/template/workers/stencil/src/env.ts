import { databaseBinding, queueBinding, serviceBinding, serviceEnv } from "@trivet/http";
import type { z } from "zod";

export const env = serviceEnv.extend({
  DB: databaseBinding,
  AUTH: serviceBinding,
  /** Where events go. */
  EVENTS_QUEUE: queueBinding,
});

export type Env = z.output<typeof env>;
