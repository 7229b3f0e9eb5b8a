import { type Measure, measure } from "../digests.ts";
import type { StoredObject, Writing } from "../driver.ts";
import { newVersion } from "../version.ts";
import type { S3Answer, S3Client } from "./client.ts";
import { describe, etagIn } from "./metadata.ts";
import { abortUpload, completeUpload, createUpload, md5Of, putPart, type SentPart } from "./parts.ts";
import { type Bytes, chained, inPieces } from "./pieces.ts";
import { outrunStatuses, pinned } from "./pinned.ts";
import { headObject } from "./read.ts";
import { checkDigest, withMd5 } from "./verify.ts";

/**
 * An object of one piece where it is short or in memory anyway, and else of parts, of which one is sent
 * while the next is gathered: a stream does not say how long it is, and S3 wants to know.
 */
export async function writeObject(client: S3Client, key: string, writing: Writing): Promise<StoredObject | undefined> {
  const { content, expected, holds } = writing;
  // Bytes that nobody will want need not be sent; what counts is asked again below.
  if (holds && !holds(await headObject(client, key))) return undefined;
  const measured = measure(expected);
  if (content.bytes) {
    measured.add(content.bytes);
    return await putWhole(client, key, writing, content.bytes, measured);
  }
  const pieces = inPieces(content.chunks(), measured);
  const first = await pieces.next();
  const second = first.done ? first : await pieces.next();
  const head = first.value ?? new Uint8Array();
  if (second.done) return await putWhole(client, key, writing, head, measured);
  return await putParts(client, key, writing, chained([head, second.value], pieces), measured);
}

async function putWhole(
  client: S3Client,
  key: string,
  { details, holds }: Writing,
  bytes: Bytes,
  measured: Measure,
): Promise<StoredObject | undefined> {
  const { size, md5, checksums } = measured.finish();
  const version = newVersion();
  const described = describe(details, version, checksums);
  const send = (condition?: Headers): Promise<S3Answer> =>
    client.call({
      method: "PUT",
      key,
      headers: withMd5(md5, described, condition),
      body: { bytes },
      expect: condition ? [200, ...outrunStatuses] : [200],
    });
  const answer = holds ? await pinned(client, key, { holds, version, send }) : await send();
  if (answer === undefined || "key" in answer) return answer;
  await answer.text();
  const etag = etagIn(answer.headers);
  checkDigest(etag, md5, answer.headers);
  const uploaded = Date.parse(answer.headers.get("date") ?? "") || Date.now();
  return { key, version, size, etag, uploaded, checksums, ...details };
}

async function putParts(
  client: S3Client,
  key: string,
  { details, expected, holds }: Writing,
  pieces: AsyncGenerator<Bytes, undefined>,
  measured: Measure,
): Promise<StoredObject | undefined> {
  const version = newVersion();
  const checksums = expected ? { [expected.digest]: expected.hex } : {};
  const uploadId = await createUpload(client, key, describe(details, version, checksums));
  try {
    const parts: SentPart[] = [];
    for (let piece = await pieces.next(); !piece.done; ) {
      const bytes = piece.value;
      const number = parts.length + 1;
      // Neither may still be going on when the upload is aborted because of the other.
      const [sent, next] = await Promise.allSettled([
        putPart(client, key, uploadId, number, { bytes }, md5Of(bytes)),
        pieces.next(),
      ]);
      if (sent.status === "rejected") throw sent.reason;
      if (next.status === "rejected") throw next.reason;
      parts.push({ number, etag: sent.value });
      piece = next.value;
    }
    const { size } = measured.finish();
    const completed = await completeUpload(client, key, uploadId, parts, holds && { holds, version });
    if (completed === undefined) await abortUpload(client, key, uploadId);
    return completed && { ...completed, key, version, size, checksums, ...details };
  } catch (error) {
    await abortUpload(client, key, uploadId).catch(() => undefined);
    throw error;
  }
}
