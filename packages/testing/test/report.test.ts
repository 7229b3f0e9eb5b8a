import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../src/root.ts";

/** Runs Vitest over these files with the reporters of this repository, as a whole of its own. */
function runOver(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "trivet-report-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const reporter = JSON.stringify(join(root, "packages/testing/src/report/closing-line.ts"));
  const config = `export default { test: { reporters: ["default", ${reporter}], globalSetup: ["./setup.mjs"] } };`;
  for (const [name, text] of Object.entries({ "vitest.config.mjs": config, ...files })) {
    writeFileSync(join(folder, name), text);
  }
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, NO_COLOR: "1", TRIVET_TEST_COUNTS: join(folder, "counts") };
  const { stdout, status } = spawnSync(process.execPath, [vitest, "run"], { cwd: folder, env, encoding: "utf8" });
  return {
    status,
    end: stdout.slice(stdout.lastIndexOf("\n\n") + 2),
    counts: readFileSync(env.TRIVET_TEST_COUNTS, "utf8"),
  };
}

const quietSetup = "export default () => () => process.stdout.write('What the system wrote\\n');";
const failing = `
import { beforeAll, describe, expect, test } from "vitest";
test("holds", () => {});
test("is left out", (context) => context.skip("There is no moon."));
describe.skip("a moon: there is none here", () => {
  test("shines", () => {});
  describe("its sea", () => void test("is dry", () => {}));
});
describe("outer", () => {
  test("breaks", () => expect(1).toBe(2));
  describe("inner", () => {
    beforeAll(() => { throw new RangeError("no ground to stand on"); });
    test("never runs", () => {});
  });
});
`;

test("a run ends with what failed, by name and first error, whatever is written while it is taken down", () => {
  const files = { "setup.mjs": quietSetup, "a.test.mjs": failing, "b.test.mjs": 'import "./missing.mjs";' };
  const { status, end, counts } = runOver(files);
  expect(status).toBe(1);
  for (const failure of [
    "  a.test.mjs > outer > breaks\n    AssertionError: expected 1 to be 2",
    "  a.test.mjs > outer > inner\n    RangeError: no ground to stand on\n",
    "  b.test.mjs\n    Error: Cannot find module './missing.mjs'",
  ]) {
    expect(end).toContain(failure);
    expect(counts).toContain(failure);
  }
  expect(end).toContain("Skipped 1: There is no moon.\n");
  expect(end).toContain("Skipped 2: a moon: there is none here\n");
  expect(end).toMatch(/\n1 passed, 3 failed, \d skipped\n$/);
  expect(counts).toMatch(/^1 3 \d\nFailed:\n/);
});

test("a run that fails while it is set up or taken down has failed, and says so", () => {
  const passing = 'import { test } from "vitest"; test("holds", () => {});';
  for (const [setup, passed] of [
    ["export default () => { throw new Error('no server'); };", 0],
    ["export default () => () => { throw new Error('still there'); };", 1],
  ] as const) {
    const { status, end } = runOver({ "a.test.mjs": passing, "setup.mjs": setup });
    expect(status).toBe(1);
    expect(end).toBe(
      `Failed:\n  the run\n    It failed outside its tests; what is above says why.\n${passed} passed, 1 failed, 0 skipped\n`,
    );
  }
});
