import { defineCommand } from "citty";
import { configurationExitCode } from "../../configuration-error.ts";
import { findRoot } from "../project.ts";
import { checkBacking } from "./check-backing.ts";
import { checkConfiguration } from "./check-configuration.ts";
import { checkDatabase } from "./check-database.ts";
import { checkMachine } from "./check-machine.ts";
import type { Finding } from "./finding.ts";

export const doctor = defineCommand({
  meta: {
    name: "doctor",
    description:
      "Checks this machine, the configuration, the database and what stands beside it; exits 1 on a fault, 78 where the configuration has one",
  },
  async run() {
    const root = findRoot();
    const configuration = await checkConfiguration(root);
    const findings = [
      ...(await checkMachine(root)),
      ...configuration,
      ...(await checkDatabase(root)),
      ...(await checkBacking(root)),
    ];
    const width = Math.max(...findings.map(({ subject }) => subject.length));
    for (const finding of findings) process.stdout.write(`${line(finding, width)}\n`);
    const count = (verdict: Finding["verdict"]) => findings.filter((one) => one.verdict === verdict).length;
    process.stdout.write(`\n${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} to mend\n`);
    if (count("fail") > 0) process.exitCode = 1;
    if (configuration.some(({ verdict }) => verdict === "fail")) process.exitCode = configurationExitCode;
  },
});

const colours = { ok: 32, warn: 33, fail: 31 } as const;

/** A row of the table: how it is, what it is about, what there is, and below that what to do. */
function line({ verdict, subject, detail, advice }: Finding, width: number): string {
  const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
  const mark = coloured ? `\u001b[${colours[verdict]}m${verdict.padEnd(4)}\u001b[39m` : verdict.padEnd(4);
  const text = advice === "" ? detail : `${detail}\n-> ${advice}`;
  return `${mark}  ${subject.padEnd(width)}  ${text.replaceAll("\n", `\n${" ".repeat(width + 8)}`)}`;
}
