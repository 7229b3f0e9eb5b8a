import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { overBudget, weighWorkers } from "../src/budget.ts";
import { readManifests } from "../src/manifests.ts";

/** A repository with one Worker whose source is given. */
function repositoryOf(source: string): string {
  const root = mkdtempSync(join(tmpdir(), "trivet-budget-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "src"));
  writeFileSync(join(root, "src/worker.ts"), source);
  writeFileSync(
    join(root, "wrangler.toml"),
    'name = "trivet-sample"\nmain = "src/worker.ts"\ncompatibility_date = "2026-10-01"\n',
  );
  return root;
}

describe("the budget of a Worker", { timeout: 60_000 }, () => {
  test("a Worker that is slow to start is measured and named", async () => {
    const fast = "export default { fetch: () => new Response() };";
    const slow = `let sum = 0;\nfor (let i = 0; i < 200_000_000; i += 1) sum += i % 7;\n${fast}\nexport const slow = sum;`;
    const [quick] = await weighWorkers(readManifests(repositoryOf(fast)));
    const [late] = await weighWorkers(readManifests(repositoryOf(slow)));
    // A Worker over the real budget takes half a second thirteen times over, and shows nothing else.
    const limits = { gzipBytes: 1_000_000, startMs: 60 };
    expect(overBudget(quick ? [quick] : [], limits)).toEqual([]);
    expect(overBudget(late ? [late] : [], limits)).toEqual([
      expect.stringMatching(/^trivet-sample takes \d+ ms of processor time to start/),
    ]);
  });

  test("a Worker that is too big is measured and named", async () => {
    // Random bytes, because gzip would shrink anything else.
    const bytes = Buffer.from(Array.from({ length: 1_200_000 }, () => Math.floor(Math.random() * 256)));
    const source = `const big = "${bytes.toString("base64")}";\nexport default { fetch: () => new Response(big) };`;
    const weights = await weighWorkers(readManifests(repositoryOf(source)));
    expect(overBudget(weights)).toEqual([expect.stringMatching(/^trivet-sample is \d+ kB gzipped/)]);
  });

  test("a Worker that throws while it starts is refused with its error", async () => {
    const source = 'throw new Error("no such luck");\nexport default {};';
    await expect(weighWorkers(readManifests(repositoryOf(source)))).rejects.toThrow(/no such luck/);
  });
});
