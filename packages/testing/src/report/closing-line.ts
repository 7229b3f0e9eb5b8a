import { writeFileSync } from "node:fs";
import process from "node:process";
import type { Reporter, SerializedError, TestCase, TestModule } from "vitest/node";

/**
 * Ends a run with what was skipped and why, and one plain line that people and programs read alike:
 * `N passed, N failed, N skipped`. With TRIVET_TEST_COUNTS set, the three numbers also go to that file.
 */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    // A file that fails to load and an error outside every test fail the run, though no test of theirs did.
    const broken = modules.filter((module) => module.errors().length > 0).length + unhandled.length;
    const counts = [count("passed"), count("failed") + broken, count("skipped")];
    process.stdout.write(`\n${skips(tests)}${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped\n`);
    const file = process.env.TRIVET_TEST_COUNTS;
    if (file !== undefined) writeFileSync(file, `${counts.join(" ")}\n`);
  }
}

function skips(tests: readonly TestCase[]): string {
  const byReason = Map.groupBy(
    tests.filter((test) => test.result().state === "skipped"),
    (test) => {
      const result = test.result();
      return (result.state === "skipped" ? result.note : undefined) ?? "no reason was given";
    },
  );
  return [...byReason].map(([reason, skipped]) => `Skipped ${skipped.length}: ${reason}\n`).join("");
}
