import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { importsOf, sourceFiles } from "./imports.ts";
import { arrows, fences, placeOf, type Room } from "./rules.ts";

export interface Violation {
  file: string;
  line: number;
  imports: string;
  why: string;
}

/** Every import below `root` that goes against the arrows. */
export function checkArrows(root: string): Violation[] {
  return sourceFiles(root).flatMap((file) => checkFile(file, readFileSync(`${root}/${file}`, "utf8")));
}

/** The imports of one file that go against the arrows. `file` is its path from the root of the repository. */
export function checkFile(file: string, source: string): Violation[] {
  return importsOf(file, source).flatMap(({ imports, line }) => {
    const why = refusal(file, imports);
    return why === undefined ? [] : [{ file, line, imports, why }];
  });
}

function refusal(file: string, imports: string): string | undefined {
  const place = placeOf(file);
  if (!place) return undefined;
  const fence = fences.find((candidate) => candidate.module.test(imports));
  if (fence) return fence.allowed.test(file) ? undefined : fence.why;
  const target = targetOf(file, imports);
  if (target === undefined) return undefined;
  const destination = placeOf(target);
  if (!destination) return undefined;
  if (destination.home === place.home) {
    const intoTests = destination.room === "test" && place.room !== "test";
    return intoTests ? "what ships does not import its tests" : undefined;
  }
  if (!arrows[place.room].includes(destination.room)) return arrowRefusal(place.room, destination.room);
  const relative = imports.startsWith(".") && destination.room !== "worker";
  return relative ? "another package is imported by its name, through its `exports`" : undefined;
}

function arrowRefusal(from: Room, to: Room): string {
  if (from === "worker" && to === "worker") {
    return "a service never imports another; it asks by call() with a contract of @trivet/contracts";
  }
  const allowed = arrows[from];
  return `${from} may import ${allowed.length === 0 ? "no other package" : allowed.join(", ")}; not ${to}`;
}

const workspaceName = /^@trivet\/([^/]+)(?:\/(.*))?$/;

/** The path an import leads to, as far as the house is concerned; undefined for a package from outside. */
function targetOf(file: string, imports: string): string | undefined {
  if (imports.startsWith(".")) return posix.join(posix.dirname(file), imports);
  const name = workspaceName.exec(imports)?.[1];
  if (name === undefined) return undefined;
  return placeOf(`packages/${name}/src`) ? `packages/${name}/src` : `workers/${name}/src`;
}
