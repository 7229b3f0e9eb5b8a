import { TrivetError } from "@trivet/platform";
import { databaseFault } from "./faults.ts";

/** What `work` comes to, unless that takes longer: then it rejects with what `giveUp` makes, and nobody hears of the work. */
export function within<T>(milliseconds: number, work: Promise<T>, giveUp: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(giveUp()), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What the database answers, unless that takes longer; throws `unavailable` or `deadline_exceeded`. */
export async function answerWithin<Answer>(milliseconds: number, answer: Promise<Answer>): Promise<Answer> {
  const late = () => new TrivetError("deadline_exceeded", `The database did not answer within ${milliseconds} ms.`);
  try {
    return await within(milliseconds, answer, late);
  } catch (error) {
    throw databaseFault(error) ?? error;
  }
}
