import { createCall, describeError } from "@trivet/platform";
import type { ServiceEnv } from "./env.ts";
import { beginJob, type Work } from "./invocation.ts";
import type { Mounted } from "./mounted.ts";
import type { RequestReports } from "./observe/request-reports.ts";
import { beginOwnSpan } from "./observe/spans.ts";

/** Milliseconds that analytics has for a report. */
const longestReport = 10_000;

/** Sends a report behind the answer of whatever request comes when it is due, in a trace of its own. Never rejects. */
export async function sendReport<Env extends ServiceEnv, Deps>(
  mounted: Mounted<Env, Deps>,
  reports: RequestReports,
  work: Work,
): Promise<void> {
  const job = beginJob(mounted, "request-report", work, Date.now() + longestReport);
  const endSpan = beginOwnSpan(job, "internal");
  try {
    await reports.send(createCall(job, mounted.env.SERVICE_JWT_SECRET, mounted.keys));
    endSpan("request report", {}, undefined);
  } catch (error) {
    job.log.warn("Analytics was not told of the requests of the last minute", { fault: describeError(error) });
    endSpan("request report", {}, error);
  }
}
