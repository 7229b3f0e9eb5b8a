import { TrivetError } from "@trivet/platform";
import { databaseFault } from "./faults.ts";

/** What the database answers, unless that takes longer; throws `unavailable` or `deadline_exceeded`. */
export async function within<Answer>(timeoutMs: number, answer: Promise<Answer>): Promise<Answer> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new TrivetError("deadline_exceeded", `The database did not answer within ${timeoutMs} ms.`)),
    timeoutMs,
  );
  try {
    return await Promise.race([answer, late]);
  } catch (error) {
    throw databaseFault(error) ?? error;
  } finally {
    clearTimeout(timer);
  }
}
