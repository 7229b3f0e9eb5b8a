import { bucketCases, s3Differs, s3ServerDiffers } from "@trivet/testing/conformance/bucket";
import { openS3Endpoint } from "@trivet/testing/s3";
import { beforeAll, describe, expect, test } from "vitest";
import { type Runtime, runtimes } from "./fixtures/process.ts";
import { resultsOf } from "./fixtures/results.ts";
import { s3FaultCases } from "./fixtures/s3-faults.ts";

type Results = Record<string, string>;
type OnEach = Record<Runtime, Results>;

const limit = 300_000;
const none = (): OnEach => ({ node: {}, bun: {} });

/** Both runtimes at a time: the cases wait for a disk or a server more than they compute. */
async function onEach(file: string, args: string[] = [], env: Results = {}): Promise<OnEach> {
  const [node, bun] = await Promise.all(runtimes.map((runtime) => resultsOf(runtime, file, args, env)));
  return { node: node ?? {}, bun: bun ?? {} };
}

describe("[[r2_buckets]]", () => {
  let files = none();
  let s3 = none();
  let faults = none();
  const own = process.env.S3_ENDPOINT === undefined;
  const differs: Results = { ...s3Differs, ...(own ? s3ServerDiffers : {}) };

  beforeAll(async () => {
    const endpoint = await openS3Endpoint();
    try {
      [files, s3, faults] = await Promise.all([
        onEach("bucket-main.ts"),
        onEach("bucket-main.ts", [endpoint.bucket], endpoint.env),
        own ? onEach("s3-faults-main.ts", [], endpoint.env) : none(),
      ]);
    } finally {
      await endpoint.stop();
    }
  }, limit);

  describe.each(runtimes)("files on %s", (runtime) => {
    test.each(bucketCases)("$title", ({ title }) => {
      expect(files[runtime][title]).toBe("kept");
    });
  });

  describe.each(runtimes)("s3 on %s", (runtime) => {
    test.each(bucketCases.filter(({ title }) => differs[title] === undefined))("$title", ({ title }) => {
      expect(s3[runtime][title]).toBe("kept");
    });

    // So that a row of the table goes when it does not hold any more.
    test.each(Object.keys(differs))("still differs: %s", (title) => {
      expect(s3[runtime][title]).toMatch(/^(?!kept$)/);
    });
  });

  // Only our own server has the bucket to which lies may be told.
  describe.runIf(own).each(runtimes)("an S3 endpoint that does not do what it should, on %s", (runtime) => {
    test.each(s3FaultCases)("$title", ({ title }) => {
      expect(faults[runtime][title]).toBe("kept");
    });
  });
});
