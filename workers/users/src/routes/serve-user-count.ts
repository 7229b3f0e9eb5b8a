import { getUserCount } from "@trivet/contracts";
import { serve } from "../deps.ts";
import { selectProfileCount } from "../queries/totals.ts";

export const serveUserCount = serve(getUserCount, async ({ deps }) => ({ count: await selectProfileCount(deps.db) }));
