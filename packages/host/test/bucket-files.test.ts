import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { Bucket } from "../src/objects/binding.ts";
import { openFiles } from "../src/objects/files/driver.ts";
import { run, runtimes } from "./fixtures/process.ts";
import { eventually, writeRoot } from "./fixtures/root.ts";

function openBucket(directory: string): Bucket {
  const driver = openFiles(directory);
  onTestFinished(() => driver.close());
  return new Bucket(() => driver);
}

const blobsIn = (directory: string): string[] =>
  readdirSync(join(directory, "blobs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

describe("a bucket on disk", () => {
  test("is there again after a restart, with its metadata", async () => {
    const directory = writeRoot({});
    const first = openFiles(directory);
    const stored = await new Bucket(() => first).put("é/../x", "text", { customMetadata: { a: "1" } });
    await first.close();
    const again = await openBucket(directory).get("é/../x");
    expect([again?.version, again?.customMetadata, await again?.text()]).toEqual([stored.version, { a: "1" }, "text"]);
  });

  test("keeps no bytes of what was overwritten, deleted, refused or aborted", async () => {
    const directory = writeRoot({});
    const bucket = openBucket(directory);
    for (let time = 0; time < 3; time += 1) await bucket.put("a", `${time}`);
    await bucket.put("b", "x");
    await bucket.delete("b");
    await bucket.put("a", "x", { onlyIf: { etagMatches: "other" } });
    await bucket.put("c", "x", { md5: "0".repeat(32) }).catch(() => undefined);
    const upload = await bucket.createMultipartUpload("d");
    await upload.uploadPart(1, "x");
    await upload.uploadPart(1, "y");
    await upload.abort();
    expect(blobsIn(directory)).toHaveLength(1);
  });

  test("sweeps what a crash left, once it is old, and nothing else", async () => {
    const directory = writeRoot({});
    const first = openFiles(directory);
    const bucket = new Bucket(() => first);
    await bucket.put("kept", "x");
    const upload = await bucket.createMultipartUpload("kept too");
    await upload.uploadPart(1, "part");
    await first.close();
    const kept = blobsIn(directory);
    mkdirSync(join(directory, "blobs/00"), { recursive: true });
    for (const name of ["00-young", "00-old"]) writeFileSync(join(directory, "blobs/00", name), "left by a crash");
    const longAgo = Date.now() / 1_000 - 7_200;
    for (const name of [...kept, "00-old"])
      utimesSync(join(directory, "blobs", name.slice(0, 2), name), longAgo, longAgo);
    openBucket(directory);
    await eventually(() => !blobsIn(directory).includes("00-old"));
    expect(blobsIn(directory).sort()).toEqual([...kept, "00-young"].sort());
  });

  test("tells a lost or shortened file, and takes neither for an object", async () => {
    const directory = writeRoot({});
    const bucket = openBucket(directory);
    await bucket.put("short", new Uint8Array(200_000));
    const [name = ""] = blobsIn(directory);
    writeFileSync(join(directory, "blobs", name.slice(0, 2), name), "cut");
    await expect((await bucket.get("short"))?.arrayBuffer()).rejects.toThrow("shorter");
    await bucket.put("lost", "x");
    const lost = blobsIn(directory).find((one) => one !== name) ?? "";
    rmSync(join(directory, "blobs", lost.slice(0, 2), lost));
    await expect(bucket.get("lost")).rejects.toThrow(
      "get: We encountered an internal error. Please try again. (10001)",
    );
  });

  test.each(runtimes)(
    "of four processes on %s that replace one state, exactly one does each time",
    async (runtime) => {
      const directory = writeRoot({});
      const rounds = 40;
      const writers = ["a", "b", "c", "d"].map((name) =>
        run(runtime, "bucket-writer.ts", [directory, name, `${rounds}`]),
      );
      const won: number[] = [];
      for (const { exit, output } of writers) {
        expect(await exit, output()).toBe(0);
        won.push(Number(output().trim()));
      }
      expect(won.reduce((sum, one) => sum + one, 0)).toBe(rounds);
      expect(await (await openBucket(directory).get("counter"))?.text()).toBe(`${rounds}`);
    },
    60_000,
  );

  test.each(runtimes)(
    "takes and gives 100 MB on %s without holding them",
    async (runtime) => {
      const { exit, output } = run(runtime, "bucket-memory-main.ts");
      await exit;
      const { held } = z.object({ held: z.number() }).parse(JSON.parse(output().trim().split("\n").at(-1) ?? ""));
      expect(held).toBeLessThan(4);
    },
    60_000,
  );
});
