import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { importsOf, sourceFiles } from "./imports.ts";

/** A circle of files: each imports the next, and the last the first. */
export type Circle = readonly string[];

/**
 * A shortest circle through each group of files that import one another. Types count: who reads such a file has to
 * know the others first, whatever of them is left when it runs.
 */
export function findCircles(root: string): Circle[] {
  const files = sourceFiles(root);
  const known = new Set(files);
  const imports = new Map(
    files.map((file) => {
      const source = readFileSync(`${root}/${file}`, "utf8");
      const targets = importsOf(file, source)
        .filter(({ imports: name }) => name.startsWith("."))
        .map(({ imports: name }) => posix.join(posix.dirname(file), name));
      return [file, targets.filter((target) => known.has(target))] as const;
    }),
  );
  const circles: Circle[] = [];
  const told = new Set<string>();
  for (const file of files) {
    if (told.has(file)) continue;
    const circle = shortestCircle(file, imports);
    if (!circle || circle.some((member) => told.has(member))) continue;
    for (const member of circle) told.add(member);
    circles.push(circle);
  }
  return circles;
}

/** The shortest way from `start` back to itself, breadth first. */
function shortestCircle(start: string, imports: ReadonlyMap<string, readonly string[]>): Circle | undefined {
  const cameFrom = new Map<string, string>();
  let front = [start];
  while (front.length > 0) {
    const next: string[] = [];
    for (const file of front) {
      for (const target of imports.get(file) ?? []) {
        if (target === start) return wayTo(file, start, cameFrom);
        if (cameFrom.has(target)) continue;
        cameFrom.set(target, file);
        next.push(target);
      }
    }
    front = next;
  }
  return undefined;
}

function wayTo(file: string, start: string, cameFrom: ReadonlyMap<string, string>): Circle {
  const way = [file];
  for (let at = file; at !== start; ) {
    at = cameFrom.get(at) ?? start;
    way.unshift(at);
  }
  return way;
}
