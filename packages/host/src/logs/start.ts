import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { configureLogging, jsonLines, type LogLevel, type Sink, serviceLogger } from "@trivet/platform";
import type { Environment, Source } from "../config/index.ts";
import { directoryFault } from "./directory.ts";
import { type LogFiles, openLogFiles } from "./files.ts";
import { openLineWriter } from "./line-writer.ts";
import { readableLines } from "./readable.ts";

const levels: readonly string[] = ["trace", "debug", "info", "warning", "error", "fatal"] satisfies LogLevel[];
const isLevel = (value: string): value is LogLevel => levels.includes(value);
const stdout = 1;
// POSIX lets a write of up to this many bytes to a pipe through in one piece, whoever else writes to it.
const undividedWrite = 4_096;

/** Milliseconds: a reader that has stopped reading must not keep the process from ending. */
const endPatience = 2_000;

/** What the host itself has to say, beside its services. */
export const hostLog = serviceLogger("host");

export interface LogOptions {
  level: LogLevel;
  /** JSON lines, as a collector reads them, instead of lines for a person. */
  json: boolean;
  /** Where to keep files beside what goes to standard output. */
  directory: string | undefined;
}

export interface Logs {
  close(): Promise<void>;
}

/** `LOG_LEVEL` (default `info`), `LOG_DIR` (relative to the root), and lines by environment. */
export function readLogOptions(
  root: string,
  source: Source,
  environment: Environment,
): LogOptions & { faults: string[] } {
  const level = source.read("LOG_LEVEL") ?? "info";
  const named = source.read("LOG_DIR");
  const directory = named ? resolve(root, named) : undefined;
  const fault = directory === undefined ? undefined : directoryFault(directory);
  const faults = fault === undefined ? [] : [fault];
  if (!isLevel(level)) faults.push(`LOG_LEVEL is "${level}"; it must be one of ${levels.join(", ")}`);
  return {
    level: isLevel(level) ? level : "info",
    json: environment === "production",
    directory,
    faults,
  };
}

/** `number` is this process's among several that write to one standard output, and to the same folder. */
export function startLogs({ level, json, directory }: LogOptions, number?: number): Logs {
  const writer = openLineWriter(stdout, number === undefined ? Number.POSITIVE_INFINITY : undividedWrite);
  const format = json ? jsonLines : readableLines(process.stdout.isTTY === true && !process.env.NO_COLOR);
  const files: LogFiles | undefined = directory === undefined ? undefined : openLogFiles(directory, number);
  // One sink for both, so that a line is redacted once.
  const sink: Sink = (record) => {
    writer.write(format(record));
    files?.sink(record);
  };
  configureLogging({ level, sinks: { host: sink } });
  process.on("exit", writer.flush);
  return {
    async close() {
      await Promise.race([writer.end(), pause(endPatience, undefined, { ref: false })]);
      process.off("exit", writer.flush);
      writer.flush();
      await files?.close();
    },
  };
}
