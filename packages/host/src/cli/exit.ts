import { inspect } from "node:util";
import { MigrationError } from "@trivet/db/migrations";
import { ConfigurationError, configurationExitCode } from "../configuration-error.ts";
import { PostgresError } from "../postgres/index.ts";
import { ProcessesError } from "../processes/index.ts";
import { PortTakenError } from "../server/index.ts";

/** What the command was asked to do cannot be done; the message is a sentence for whoever asked. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

// sysexits.h EX_USAGE
export const usageExitCode = 64;

/** The command was given a value that it cannot use. */
export class UsageError extends CommandError {}

/** Faults that their sentence explains; the stack of any other is part of the explanation. */
const explained = [CommandError, ConfigurationError, MigrationError, PortTakenError, PostgresError, ProcessesError];

/** Whether an error's message is a sentence for whoever asked, rather than a stack for whoever wrote the code. */
export const isExplained = (error: unknown): error is Error => explained.some((type) => error instanceof type);

/** Of a stack, Node's own frames: a mistake in a module has no others, and ten of them push what it is off the screen. */
const withoutInternals = (text: string): string => text.replaceAll(/\n +at [^\n]*\(node:internal\/[^\n)]*\)/g, "");

/** Writes what went wrong and sets the exit code; the process ends when nothing holds it any more. */
export function reportError(error: unknown): void {
  process.stderr.write(`${isExplained(error) ? error.message : withoutInternals(inspect(error))}\n`);
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigurationError) return configurationExitCode;
  return error instanceof UsageError ? usageExitCode : 1;
}
