import { databaseBinding, encryptionKeys, queueBinding, reportingEnv, serviceBinding, serviceEnv } from "@trivet/http";
import type { z } from "zod";

export const env = serviceEnv.extend({
  DB: databaseBinding,
  AUTH: serviceBinding,
  /** Where events go. */
  EVENTS_QUEUE: queueBinding,
  AUTH_KEY: encryptionKeys,
  USERS_KEY: encryptionKeys,
  ...reportingEnv,
});

export type Env = z.output<typeof env>;
