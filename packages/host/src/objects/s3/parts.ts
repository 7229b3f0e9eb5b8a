import { createHash } from "node:crypto";
import type { Holds, NamedPart, StoredObject } from "../driver.ts";
import type { S3Answer, S3Client } from "./client.ts";
import { malformed, S3Fault } from "./fault.ts";
import { bareEtag, etagIn } from "./metadata.ts";
import { outrunStatuses, pinned } from "./pinned.ts";
import { headObject } from "./read.ts";
import type { Payload } from "./transport.ts";
import { checkDigest, withMd5 } from "./verify.ts";
import { errorIn, escaped, rootOf, textOf } from "./xml.ts";

/** A part with the endpoint's own etag. */
export type SentPart = NamedPart;

export const md5Of = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

export async function createUpload(client: S3Client, key: string, headers: Headers): Promise<string> {
  const answer = await client.call({ method: "POST", key, query: { uploads: "" }, headers, expect: [200] });
  const id = textOf(rootOf(await answer.text(), "InitiateMultipartUploadResult"), "UploadId");
  if (!id) throw malformed("without an UploadId");
  return id;
}

/** Resolves with the part's etag. */
export async function putPart(
  client: S3Client,
  key: string,
  uploadId: string,
  number: number,
  body: Payload,
  md5: string,
): Promise<string> {
  const query = { partNumber: String(number), uploadId };
  const answer = await client.call({ method: "PUT", key, query, headers: withMd5(md5), body, expect: [200] });
  await answer.text();
  const etag = etagIn(answer.headers);
  checkDigest(etag, md5, answer.headers);
  return etag;
}

export async function abortUpload(client: S3Client, key: string, uploadId: string): Promise<void> {
  // One that is over is as good as aborted.
  const answer = await client.call({ method: "DELETE", key, query: { uploadId }, expect: [200, 204, 404] });
  await answer.text();
}

/** What is known of a completed object without knowing its metadata. */
export type Completed = Pick<StoredObject, "etag" | "uploaded">;

/** Undefined where `pin` has a condition and it does not hold; the upload goes on then. */
export async function completeUpload(
  client: S3Client,
  key: string,
  uploadId: string,
  parts: readonly SentPart[],
  pin?: { holds: Holds; version: string },
): Promise<Completed | undefined> {
  const body = { bytes: new TextEncoder().encode(completion(parts)) };
  const send = (condition?: Headers): Promise<S3Answer> => {
    const headers = new Headers(condition);
    headers.set("content-type", "application/xml");
    const expect = condition ? [200, ...outrunStatuses] : [200];
    return client.call({ method: "POST", key, query: { uploadId }, headers, body, expect });
  };
  const answer = pin ? await pinned(client, key, { ...pin, send }) : await send();
  if (answer === undefined || "key" in answer) return answer;
  const etag = etagOfCompletion(await answer.text());
  const stored = await headObject(client, key);
  // Somebody may have been quick to overwrite it.
  return { etag, uploaded: stored?.etag === etag ? stored.uploaded : Date.now() };
}

function completion(parts: readonly SentPart[]): string {
  const inOrder = [...parts].sort((one, other) => one.number - other.number);
  const elements = inOrder.map(
    ({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${escaped(`"${etag}"`)}</ETag></Part>`,
  );
  return `<CompleteMultipartUpload>${elements.join("")}</CompleteMultipartUpload>`;
}

/** An endpoint may find out that it cannot complete after it has answered 200. */
function etagOfCompletion(xml: string): string {
  const error = errorIn(xml);
  if (error) throw new S3Fault(error.code, `An upload was not completed: ${error.code}: ${error.message}`);
  const etag = textOf(rootOf(xml, "CompleteMultipartUploadResult"), "ETag");
  if (!etag) throw malformed("without an ETag");
  return bareEtag(etag);
}
