import { bucketCases, s3Differs, s3ServerDiffers } from "@trivet/testing/conformance/bucket";
import { openS3Endpoint, type S3Endpoint } from "@trivet/testing/s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runtimes } from "./fixtures/process.ts";
import { resultsOf } from "./fixtures/results.ts";
import { s3FaultCases } from "./fixtures/s3-faults.ts";

type Results = Record<string, string>;

describe.each(runtimes)("[[r2_buckets]] files on %s", (runtime) => {
  let results: Results = {};
  beforeAll(async () => {
    results = await resultsOf(runtime, "bucket-main.ts");
  }, 120_000);

  test.each(bucketCases)("$title", ({ title }) => {
    expect(results[title]).toBe("kept");
  });
});

describe("on S3", () => {
  let endpoint: S3Endpoint | undefined;
  beforeAll(async () => {
    endpoint = await openS3Endpoint();
  }, 60_000);
  afterAll(() => endpoint?.stop());

  const own = process.env.S3_ENDPOINT === undefined;
  const differs: Results = { ...s3Differs, ...(own ? s3ServerDiffers : {}) };

  describe.each(runtimes)("[[r2_buckets]] s3 on %s", (runtime) => {
    let results: Results = {};
    beforeAll(async () => {
      results = await resultsOf(runtime, "bucket-main.ts", [endpoint?.bucket ?? ""], endpoint?.env);
    }, 240_000);

    test.each(bucketCases.filter(({ title }) => differs[title] === undefined))("$title", ({ title }) => {
      expect(results[title]).toBe("kept");
    });

    // So that a row of the table goes when it does not hold any more.
    test.each(Object.keys(differs))("still differs: %s", (title) => {
      expect(results[title]).toEqual(expect.not.stringMatching(/^kept$/));
    });
  });

  // They are told to the bucket of our own server, whoever else is asked above.
  describe.runIf(own).each(runtimes)("an S3 endpoint that does not do what it should, on %s", (runtime) => {
    let results: Results = {};
    beforeAll(async () => {
      results = await resultsOf(runtime, "s3-faults-main.ts", [], endpoint?.env);
    }, 240_000);

    test.each(s3FaultCases)("$title", ({ title }) => {
      expect(results[title]).toBe("kept");
    });
  });
});
