import { stripVTControlCharacters } from "node:util";
import type { SerializedError, TestCase, TestModule, TestSuite } from "vitest/node";

/** Something that made a run fail, told so that it is found again. */
export interface Failure {
  name: string;
  /** The first lines of its first error. */
  error: string;
}

interface Told {
  name?: string;
  message: string;
}

/**
 * All that failed in a run. A hook that fails takes its tests along without any of them having failed,
 * and so does a file that does not load; an error outside all of them still fails the run.
 */
export function failuresOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Failure[] {
  return [...modules.flatMap(failuresIn), ...unhandled.map((error) => failure("outside every test", [error]))];
}

function failuresIn(module: TestModule): Failure[] {
  const file = module.relativeModuleId;
  const nameOf = (part: TestSuite | TestCase) => `${file} > ${part.fullName}`;
  const suites = [...module.children.allSuites()].filter((suite) => suite.errors().length > 0);
  const tests = [...module.children.allTests("failed")];
  return [
    ...(module.errors().length > 0 ? [failure(file, module.errors())] : []),
    ...suites.map((suite) => failure(nameOf(suite), suite.errors())),
    ...tests.map((test) => failure(nameOf(test), test.result().errors ?? [])),
  ];
}

/** How many lines of an error are worth their place at the end of a long output. */
const lines = 3;
const width = 240;

function failure(name: string, [first]: readonly Told[]): Failure {
  const said = first === undefined ? "It says nothing more." : `${first.name ?? "Error"}: ${first.message}`;
  const error = stripVTControlCharacters(said)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, lines)
    .map((line) => (line.length > width ? `${line.slice(0, width)}…` : line))
    .join("\n");
  return { name, error };
}

/** So many fit above the closing line within what people look at first. */
const most = 20;

/** A name and its error, indented, for each; empty when nothing failed. */
export function tell(failures: readonly Failure[]): string {
  if (failures.length === 0) return "";
  const told = failures.slice(0, most).map(({ name, error }) => `  ${name}\n${error.replaceAll(/^/gm, "    ")}\n`);
  const rest = failures.length > most ? `  and ${failures.length - most} more\n` : "";
  return `Failed:\n${told.join("")}${rest}`;
}
