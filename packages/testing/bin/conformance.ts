import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { z } from "zod";
import { suites } from "../src/matrix/suites.ts";
import { currentShape, type Outcomes, outcomeKey, shapeOf, writeMatrix } from "../src/matrix/write-matrix.ts";
import { root } from "../src/root.ts";

const page = join(root, "docs/conformance.md");

const report = z.object({
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({ ancestorTitles: z.array(z.string()), title: z.string(), status: z.string() }),
      ),
    }),
  ),
});

/** Runs the suites and reads what became of each test. */
async function run(): Promise<Outcomes> {
  const directory = mkdtempSync(join(tmpdir(), "trivet-conformance-"));
  const file = join(directory, "report.json");
  const files = suites.flatMap((suite) => suite.files);
  const args = ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${file}`, ...files];
  try {
    const child = spawn(join(root, "node_modules/.bin/vitest"), args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
    });
    await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
    const { testResults } = report.parse(JSON.parse(readFileSync(file, "utf8")));
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
    return new Map(
      tests.map(({ ancestorTitles, title, status }) => [
        outcomeKey(ancestorTitles.join(" > "), title),
        status === "passed",
      ]),
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv.includes("--check")) {
  if (shapeOf(readFileSync(page, "utf8")) !== currentShape(suites)) {
    process.stderr.write("docs/conformance.md is not of today's suites. Run: npm run conformance\n");
    process.exitCode = 1;
  }
} else {
  const outcomes = await run();
  writeFileSync(page, writeMatrix(suites, outcomes));
  process.stdout.write(`Wrote ${page}.\n`);
}
