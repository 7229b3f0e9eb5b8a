import type { z } from "zod";

type Issue = z.core.$ZodIssue;

/**
 * What is wrong with a value that fits no branch of a union: the issues of the branch it comes nearest
 * to, since "Invalid input" tells nobody which field was expected.
 */
export function withoutUnions(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  if (issue.errors.length === 0) return [{ ...issue, message: optionsOf(issue) }];
  const branches = issue.errors.map((branch) => branch.flatMap(withoutUnions));
  const nearest = branches.reduce((best, branch) => (isNearer(branch, best) ? branch : best));
  if (branches.every(concernsWhole)) {
    const messages = new Set(branches.flat().map(({ message }) => message));
    return [{ code: "custom", path: issue.path, message: [...messages].join(", or ") }];
  }
  return nearest.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}

/** The fewer faults the nearer; of as many, the one that looked deeper into the value. */
function isNearer(branch: readonly Issue[], best: readonly Issue[]): boolean {
  const difference = faultsIn(branch) - faultsIn(best);
  return difference < 0 || (difference === 0 && depthOf(branch) > depthOf(best));
}

/** A field that was sent says more of which branch was meant than one that was left out. */
const unknownField = 3;

const faultsIn = (issues: readonly Issue[]): number =>
  issues.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? unknownField * issue.keys.length : 1), 0);

const depthOf = (issues: readonly Issue[]): number => Math.max(0, ...issues.map(({ path }) => path.length));

/** Whether a branch refuses the value as such, as one for text does a number. */
const concernsWhole = (issues: readonly Issue[]): boolean =>
  issues.every(({ code, path }) => path.length === 0 && code !== "unrecognized_keys");

/** Of a union whose branches are told apart by one field. */
function optionsOf(issue: z.core.$ZodIssueInvalidUnion): string {
  const options = ("options" in issue && issue.options) || [];
  return options.length === 0 ? "fits more than one form" : `must be one of ${options.map(String).join(", ")}`;
}
