import { databaseBinding, serviceBinding, serviceEnv } from "@trivet/http";
import type { z } from "zod";

export const env = serviceEnv.extend({ DB: databaseBinding, AUTH: serviceBinding });

export type Env = z.output<typeof env>;
