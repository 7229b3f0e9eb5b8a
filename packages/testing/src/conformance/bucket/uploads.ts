import type { BucketBinding } from "@trivet/platform";
import { type BucketCase, ownPrefix, refusal, refusalKind, same, streamOf, textAt } from "./subject.ts";

const partSize = 5 * 1024 * 1024;
const whole = (fill: number): Uint8Array<ArrayBuffer> => new Uint8Array(partSize).fill(fill);

const error = (sentence: string): string => `Error: completeMultipartUpload: ${sentence}`;
const invalidPart = error("One or more of the specified parts could not be found. (10025)");
const noSuchUpload = "The specified multipart upload does not exist. (10024)";

/** An upload with one small part. */
async function started(bucket: BucketBinding) {
  const key = `${ownPrefix()}upload`;
  const upload = await bucket.createMultipartUpload(key);
  return { key, upload, part: await upload.uploadPart(1, "one") };
}

export const uploadCases: readonly BucketCase[] = [
  {
    title: "parts become one object, in the order of their numbers",
    async run({ bucket }) {
      const key = `${ownPrefix()}whole`;
      const options = { httpMetadata: { contentType: "x/y" }, customMetadata: { Name: "é" } };
      const upload = await bucket.createMultipartUpload(key, options);
      const last = await upload.uploadPart(7, streamOf("end"));
      const parts = [await upload.uploadPart(1, whole(1)), await upload.uploadPart(2, new Blob([whole(2)])), last];
      same(await bucket.head(key), null);
      const stored = await upload.complete(parts);
      same([stored.size, /^[\da-f]{32}-3$/.test(stored.etag)], [2 * partSize + 3, true]);
      same([stored.httpMetadata?.contentType, stored.customMetadata], ["x/y", { Name: "é" }]);
      const head = await bucket.head(key);
      same([head?.version, head?.etag, head?.size], [stored.version, stored.etag, stored.size]);
      const across = await bucket.get(key, { range: { offset: 2 * partSize - 2 } });
      same([...new Uint8Array((await across?.arrayBuffer()) ?? new ArrayBuffer())], [2, 2, 101, 110, 100]);
      await bucket.delete(key);
    },
  },
  {
    title: "an upload is resumed by its key and id",
    async run({ bucket }) {
      const { key, upload, part } = await started(bucket);
      const resumed = bucket.resumeMultipartUpload(key, upload.uploadId);
      same([resumed.key, resumed.uploadId], [key, upload.uploadId]);
      await resumed.complete([part]);
      same(await textAt(bucket, key), "one");
    },
  },
  {
    title: "a part that comes again replaces the one of its number",
    async run({ bucket }) {
      const { key, upload, part } = await started(bucket);
      const again = await upload.uploadPart(1, "again");
      same(await refusal(upload.complete([part])), invalidPart);
      await upload.complete([again]);
      same(await textAt(bucket, key), "again");
    },
  },
  {
    title: "parts that were not named are left out",
    async run({ bucket }) {
      const { key, upload } = await started(bucket);
      await upload.complete([await upload.uploadPart(9, "nine")]);
      same(await textAt(bucket, key), "nine");
    },
  },
  {
    title: "a part that was never uploaded is refused with 10025, and the upload goes on",
    async run({ bucket }) {
      const { key, upload, part } = await started(bucket);
      same(await refusal(upload.complete([{ partNumber: 1, etag: "other" }])), invalidPart);
      same(await refusal(upload.complete([part, { partNumber: 2, etag: "other" }])), invalidPart);
      same(await bucket.head(key), null);
      await upload.complete([part]);
      same(await textAt(bucket, key), "one");
    },
  },
  {
    title: "parts that are small before the last are refused with 10011, uneven ones with 10048",
    async run({ bucket }) {
      const { upload, part } = await started(bucket);
      const second = await upload.uploadPart(2, "two");
      same(
        await refusal(upload.complete([part, second])),
        error("Your proposed upload is smaller than the minimum allowed object size. (10011)"),
      );
      const first = await upload.uploadPart(1, whole(1));
      const longer = await upload.uploadPart(2, new Uint8Array(partSize + 1));
      const uneven = error("There was a problem with the multipart upload. (10048)");
      same(await refusal(upload.complete([first, longer])), uneven);
      const third = await upload.uploadPart(3, "x");
      same(await refusal(upload.complete([first, longer, third])), uneven);
      await upload.abort();
    },
  },
  {
    title: "the same part twice is refused",
    async run({ bucket }) {
      const { upload, part } = await started(bucket);
      same((await refusalKind(upload.complete([part, part]))).startsWith("Error("), true);
    },
  },
  {
    title: "an aborted upload takes no part and becomes no object; aborting again is no error",
    async run({ bucket }) {
      const { key, upload, part } = await started(bucket);
      await upload.abort();
      await upload.abort();
      same(await refusal(upload.uploadPart(1, "x")), `Error: uploadPart: ${noSuchUpload}`);
      same(await refusal(upload.complete([part])), `Error: completeMultipartUpload: ${noSuchUpload}`);
      same(await bucket.head(key), null);
    },
  },
  {
    title: "a completed upload is over",
    async run({ bucket }) {
      const { key, upload, part } = await started(bucket);
      await upload.complete([part]);
      same(await refusal(upload.complete([part])), `Error: completeMultipartUpload: ${noSuchUpload}`);
      same(await refusal(upload.uploadPart(2, "x")), `Error: uploadPart: ${noSuchUpload}`);
      await upload.abort();
      same(await textAt(bucket, key), "one");
    },
  },
  {
    title: "an upload of another key, or of none, is refused",
    async run({ bucket }) {
      const { upload } = await started(bucket);
      const other = bucket.resumeMultipartUpload(`${ownPrefix()}other`, upload.uploadId);
      same(await refusal(other.uploadPart(1, "x")), `Error: uploadPart: ${noSuchUpload}`);
      const unknown = bucket.resumeMultipartUpload(`${ownPrefix()}unknown`, "unknown");
      same(await refusal(unknown.uploadPart(1, "x")), `Error: uploadPart: ${noSuchUpload}`);
      same((await refusalKind(unknown.complete([{ partNumber: 1, etag: "x" }]))).startsWith("Error("), true);
    },
  },
  {
    title: "a part's number is 1 to 10,000, and a part has a value",
    async run({ bucket }) {
      const { upload } = await started(bucket);
      for (const number of [0, 10_001]) {
        const message = `Part number must be between 1 and 10000 (inclusive). Actual value was: ${number}`;
        same(await refusal(upload.uploadPart(number, "x")), `TypeError: ${message}`);
        same(await refusal(upload.complete([{ partNumber: number, etag: "x" }])), `TypeError: ${message}`);
      }
      const none: string = JSON.parse("null");
      same(await refusalKind(upload.uploadPart(1, none)), "TypeError");
      await upload.abort();
    },
  },
];
