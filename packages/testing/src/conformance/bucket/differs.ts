/** What R2 promises and a store that speaks S3 does not, by the title of the case, and why. */
export const s3Differs: Readonly<Record<string, string>> = {
  "keys of dots and dot segments are keys like others":
    "URLs fold dot segments, so the driver refuses such keys with 10020 rather than meet another object",
};

/** What the S3 server of the suite does not keep, though others do. */
export const s3ServerDiffers: Readonly<Record<string, string>> = {
  "a content-encoding is kept and never undone":
    "workerd, under the S3 server of the suite, encodes an answer that says it is encoded; shown with another server in bucket.test.ts",
};
