import process from "node:process";
import { checkArrows } from "../src/arrows/check.ts";

const violations = checkArrows(process.cwd());
for (const { file, line, imports, why } of violations) {
  process.stderr.write(`${file}:${line} imports ${imports}: ${why}.\n`);
}
process.stdout.write(violations.length === 0 ? "Every import follows the arrows.\n" : "");
process.exitCode = violations.length === 0 ? 0 : 1;
