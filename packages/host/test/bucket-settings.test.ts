import { describe, expect, test } from "vitest";
import { openSource } from "../src/config/index.ts";
import { addressOf } from "../src/objects/s3/address.ts";
import { readS3Settings } from "../src/objects/s3/settings.ts";
import { writeRoot } from "./fixtures/root.ts";

const keys = { S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "secret" };
const read = (env: Record<string, string>, root = "/") => readS3Settings(openSource(root, env));

describe("S3 settings", () => {
  test("without an endpoint there are none; a key without one is a fault", () => {
    expect(read({ S3_REGION: "eu" })).toEqual({ settings: undefined, faults: [] });
    expect(read(keys)).toEqual({ settings: undefined, faults: [expect.stringMatching(/^S3_ENDPOINT is missing: /)] });
  });

  test("every fault is named, and no value is repeated", () => {
    expect(read({ S3_ENDPOINT: "s3.example.com" }).faults).toEqual([
      expect.stringMatching(/^S3_ENDPOINT is not a URL like https:\/\/s3.example.com: /),
      "S3_ACCESS_KEY_ID is missing; buckets on S3_ENDPOINT need it",
      "S3_SECRET_ACCESS_KEY is missing; buckets on S3_ENDPOINT need it",
    ]);
    const odd = { ...keys, S3_ENDPOINT: "https://user:password@s3.example.com", S3_ADDRESSING: "host" };
    expect(read(odd).faults).toHaveLength(2);
    expect(read(odd).faults.join()).not.toContain("password");
  });

  test("the secret may be in a file", () => {
    const root = writeRoot({ "secret.txt": "from the file\n" });
    const env = {
      S3_ENDPOINT: "https://s3.example.com",
      S3_ACCESS_KEY_ID: "id",
      S3_SECRET_ACCESS_KEY_FILE: "secret.txt",
    };
    expect(read(env, root).settings?.secretAccessKey).toBe("from the file");
  });

  test.each([
    [{ S3_ENDPOINT: "https://s3.example.com" }, "https://s3.example.com/media/a/b"],
    [{ S3_ENDPOINT: "http://127.0.0.1:9000/base/" }, "http://127.0.0.1:9000/base/media/a/b"],
    [{ S3_ENDPOINT: "https://s3.eu-central-1.amazonaws.com" }, "https://media.s3.eu-central-1.amazonaws.com/a/b"],
    [{ S3_ENDPOINT: "https://s3.example.com", S3_ADDRESSING: "virtual" }, "https://media.s3.example.com/a/b"],
    [{ S3_ENDPOINT: "https://s3.amazonaws.com", S3_ADDRESSING: "path" }, "https://s3.amazonaws.com/media/a/b"],
    [{ S3_ENDPOINT: "https://s3.example.com", S3_BUCKET_PREFIX: "x-" }, "https://s3.example.com/x-media/a/b"],
  ])("%j leads to %s", (env, address) => {
    const { settings } = read({ ...keys, ...env });
    expect(settings && addressOf(settings, "media", "a/b").href).toBe(address);
  });

  test("a key that a URL would fold is refused", () => {
    const { settings } = read({ ...keys, S3_ENDPOINT: "https://s3.example.com" });
    for (const key of ["..", "a/../b", "./a", "a/.", ""]) {
      expect(() => settings && addressOf(settings, "media", key)).toThrow("object name");
    }
    expect(settings && addressOf(settings, "media", "a..b/...").href).toBe("https://s3.example.com/media/a..b/...");
  });
});
