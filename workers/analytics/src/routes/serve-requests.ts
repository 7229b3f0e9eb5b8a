import { recordRequests } from "@trivet/contracts";
import { serve } from "../deps.ts";
import { storeRequests } from "../performance/store-requests.ts";
import { callerOf } from "./caller-of.ts";

export const serveRequests = serve(recordRequests, async ({ deps, body }) => {
  await storeRequests(deps, callerOf(deps), body);
  return undefined;
});
