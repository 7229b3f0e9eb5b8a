import type { Reading, ReadPlan, StoredObject } from "../driver.ts";
import { exactly, noBytes } from "./body.ts";
import type { S3Answer, S3Client } from "./client.ts";
import { malformed, S3Fault } from "./fault.ts";
import { described, etagIn } from "./metadata.ts";

export async function headObject(client: S3Client, key: string): Promise<StoredObject | undefined> {
  const { status, headers } = await client.call({ method: "HEAD", key, expect: [200, 404] });
  if (status !== 404) return described(key, headers);
  await client.checkBucket();
  return undefined;
}

/** How often an object may change under a reader or a writer before it is the endpoint that is at fault. */
const mostChanges = 20;

export async function readObject(client: S3Client, key: string, plan: ReadPlan): Promise<Reading | undefined> {
  if (!plan.holds && !plan.range) {
    const answer = await client.call({ method: "GET", key, expect: [200, 404] });
    if (answer.status === 404) return await absent(client, answer);
    const object = described(key, answer.headers);
    const range = { offset: 0, length: object.size };
    return { object, content: { range, body: exactly(object.size, answer.body) } };
  }
  // Conditions and ranges are R2's, not S3's: they are decided here, on the state that is then read.
  for (let change = 0; change < mostChanges; change += 1) {
    const object = await headObject(client, key);
    if (!object) return undefined;
    if (plan.holds && !plan.holds(object)) return { object };
    const range = plan.range?.(object.size) ?? { offset: 0, length: object.size };
    if (range.length === 0) return { object, content: { range, body: noBytes() } };
    const last = range.offset + range.length - 1;
    const headers = new Headers({ "if-match": `"${object.etag}"` });
    if (range.length < object.size) headers.set("range", `bytes=${range.offset}-${last}`);
    const answer = await client.call({ method: "GET", key, headers, expect: [200, 206, 404, 412, 416] });
    if (answer.status === 200 || answer.status === 206) {
      checkAnswer(
        answer,
        object,
        range.length < object.size ? `bytes ${range.offset}-${last}/${object.size}` : undefined,
      );
      return { object, content: { range, body: exactly(range.length, answer.body) } };
    }
    await answer.text();
  }
  throw new S3Fault("Contended", "An object changed whenever it was to be read");
}

async function absent(client: S3Client, answer: S3Answer): Promise<undefined> {
  await answer.text();
  await client.checkBucket();
}

function checkAnswer({ headers }: S3Answer, { etag }: StoredObject, range: string | undefined): void {
  if (etagIn(headers) !== etag) throw malformed("with another object than the one asked for");
  if ((headers.get("content-range") ?? undefined) !== range)
    throw malformed("with another range than the one asked for");
}
