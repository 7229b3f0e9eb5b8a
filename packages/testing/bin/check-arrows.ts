import process from "node:process";
import { checkArrows } from "../src/arrows/check.ts";
import { findCircles } from "../src/arrows/circles.ts";

const faults = [
  ...checkArrows(process.cwd()).map(({ file, line, imports, why }) => `${file}:${line} imports ${imports}: ${why}.`),
  ...findCircles(process.cwd()).map((circle) => `Files import one another in a circle: ${circle.join(" -> ")}.`),
];
for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(faults.length === 0 ? "Every import follows the arrows.\n" : "");
process.exitCode = faults.length === 0 ? 0 : 1;
