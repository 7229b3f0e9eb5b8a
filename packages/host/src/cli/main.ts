import { stripVTControlCharacters } from "node:util";
import { defineCommand, renderUsage, runCommand } from "citty";
import { resign } from "../processes/index.ts";
import { cron } from "./cron.ts";
import { dev } from "./dev.ts";
import { doctor } from "./doctor/index.ts";
import { reportError, usageExitCode } from "./exit.ts";
import { migrate } from "./migrate.ts";
import { newService } from "./new/index.ts";
import { start } from "./start.ts";
import { readInvocation } from "./usage.ts";

const version = "0.1.0";

const trivet = defineCommand({
  meta: {
    name: "trivet",
    version,
    description: "Runs the services of this repository on Node, Bun or workerd",
  },
  subCommands: { start, dev, migrate, cron, doctor, new: newService },
});

try {
  const rawArgs = process.argv.slice(2);
  const onlyVersion = rawArgs.length === 1 && (rawArgs[0] === "--version" || rawArgs[0] === "-v");
  const asked = await readInvocation(trivet, rawArgs);
  if (onlyVersion) process.stdout.write(`${version}\n`);
  else if (asked.help) writeUsage(await renderUsage(asked.command, asked.parent));
  else if (asked.fault === undefined) await runCommand(trivet, { rawArgs: asked.rawArgs });
  else {
    process.stderr.write(`${asked.fault} See: trivet --help\n`);
    process.exitCode = usageExitCode;
  }
} catch (error) {
  reportError(error);
  resign();
}

/** citty colours its text wherever it goes. */
function writeUsage(text: string): void {
  process.stdout.write(`${process.stdout.isTTY && !process.env.NO_COLOR ? text : stripVTControlCharacters(text)}\n`);
}
