import zlib from "node:zlib";
import { sharedBody } from "@trivet/platform";
import { expect, onTestFinished, test, vi } from "vitest";
import { compress } from "../src/server/compress/index.ts";

const text = "All work and no play. ".repeat(500);
const asking = (encoding: string) => ({
  method: "GET",
  header: (name: string) => (name === "accept-encoding" ? encoding : undefined),
});
const answerOf = (kept?: object): Response => {
  const response = new Response(text, { headers: { "content-type": "text/plain" } });
  return kept ? Object.defineProperty(response, sharedBody, { value: kept }) : response;
};

test("an answer that others have, too, is compressed once in each encoding, seen whole or as a stream", async () => {
  const gzip = vi.spyOn(zlib, "gzipSync");
  const zstd = vi.spyOn(zlib, "zstdCompressSync");
  onTestFinished(() => void vi.restoreAllMocks());
  const kept = {};
  for (let count = 0; count < 3; count += 1) {
    const whole = await compress(answerOf(kept), asking("gzip"), text);
    expect(zlib.gunzipSync(await whole.bytes()).toString()).toBe(text);
    const streamed = await compress(answerOf(kept), asking("zstd"), undefined);
    expect(zlib.zstdDecompressSync(await streamed.bytes()).toString()).toBe(text);
  }
  expect([gzip.mock.calls.length, zstd.mock.calls.length]).toEqual([1, 1]);
  await compress(answerOf(), asking("gzip"), text);
  expect(gzip).toHaveBeenCalledTimes(2);
});
