import { setTimeout as pause } from "node:timers/promises";
import type { Holds, StoredObject } from "../driver.ts";
import type { S3Answer, S3Client } from "./client.ts";
import { S3Fault } from "./fault.ts";
import { headObject } from "./read.ts";
import { errorIn } from "./xml.ts";

const mostChanges = 50;

/** With a condition: it did not hold, or somebody else was at it at the same time. */
export const outrunStatuses: readonly number[] = [404, 409, 412];

/** What is done under a condition. */
export interface PinnedChange {
  holds: Holds;
  /** The version that the change makes: found there, it has been made, though its answer was lost. */
  version: string;
  /** Is given the condition as headers, and lets `outrunStatuses` through as answers. */
  send(condition: Headers): Promise<S3Answer>;
}

/**
 * Makes a conditional change. R2's condition is decided on the state there is, and the change is made only
 * to that very state. Resolves with the answer to it, with the object where that was lost, or with
 * undefined where the condition does not hold.
 */
export async function pinned(
  client: S3Client,
  key: string,
  { holds, version, send }: PinnedChange,
): Promise<S3Answer | StoredObject | undefined> {
  for (let change = 0; change < mostChanges; change += 1) {
    const current = await headObject(client, key);
    if (current?.version === version) return current;
    if (!holds(current)) return undefined;
    const answer = await send(new Headers(current ? { "if-match": `"${current.etag}"` } : { "if-none-match": "*" }));
    if (!outrunStatuses.includes(answer.status)) return answer;
    const { code, message } = errorIn(await answer.text()) ?? { code: "", message: "" };
    if (code === "NoSuchUpload" || code === "NoSuchBucket") throw new S3Fault(code, message, { status: answer.status });
    await pause(Math.random() * 10 * Math.min(change, 10));
  }
  throw new S3Fault("Contended", "An object changed whenever it was to be written");
}
