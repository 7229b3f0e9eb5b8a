import { writeFileSync } from "node:fs";
import process from "node:process";
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from "vitest/node";
import { type Failure, failuresOf, tell } from "./failures.ts";

/**
 * Ends a run with what was skipped and why, what failed and how, and one plain line that people and
 * programs read alike: `N passed, N failed, N skipped`. With TRIVET_TEST_COUNTS set, the three numbers
 * also go to that file, and below them what failed.
 */
export default class ClosingLine implements Reporter {
  #outcome: Outcome | undefined;

  onInit(): void {
    // Last of all, so that nothing which the systems write while they are taken down comes after it.
    process.once("exit", (code) => {
      if (this.#outcome !== undefined || code !== 0) write(judged(code, this.#outcome));
    });
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: string) => tests.filter((test) => test.result().state === state);
    this.#outcome = {
      passed: inState("passed").length,
      failures: failuresOf(modules, unhandled),
      skipped: inState("skipped"),
    };
  }
}

interface Outcome {
  passed: number;
  failures: readonly Failure[];
  skipped: readonly TestCase[];
}

/** A run that ends badly without a failed test has failed all the same: while it was set up, or taken down. */
function judged(code: number, outcome: Outcome = { passed: 0, failures: [], skipped: [] }): Outcome {
  if (code === 0 || outcome.failures.length > 0) return outcome;
  const failures = [{ name: "the run", error: "It failed outside its tests; what is above says why." }];
  return { ...outcome, failures };
}

function write({ passed, failures, skipped }: Outcome): void {
  const told = tell(failures);
  const counts = [passed, failures.length, skipped.length];
  process.stdout.write(`\n${reasons(skipped)}${told}${counts[0]} passed, ${counts[1]} failed, ${counts[2]} skipped\n`);
  const file = process.env.TRIVET_TEST_COUNTS;
  if (file !== undefined) writeFileSync(file, `${counts.join(" ")}\n${told}`);
}

function reasons(tests: readonly TestCase[]): string {
  const byReason = Map.groupBy(tests, (test) => {
    const result = test.result();
    return (result.state === "skipped" ? result.note : undefined) ?? leftOut(test);
  });
  return [...byReason].map(([reason, skipped]) => `Skipped ${skipped.length}: ${reason}\n`).join("");
}

/** The title of what was left out as a whole: by the convention of these tests it ends with why. */
function leftOut(test: TestCase): string {
  let title: string | undefined;
  for (let one: TestCase | TestSuite | TestModule = test; one.type !== "module"; one = one.parent) {
    if (one.options.mode === "skip") title = one.name;
  }
  return title ?? "no reason was given";
}
