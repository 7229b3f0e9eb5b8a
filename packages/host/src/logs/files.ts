import { join } from "node:path";
import { getRotatingFileSink } from "@logtape/file";
import { jsonLines, type Sink } from "@trivet/platform";
import { ConfigurationError } from "../configuration-error.ts";
import { directoryFault } from "./directory.ts";

const rotateAt = 10 * 1024 * 1024;
const keptFiles = 5;
const fileOptions = {
  formatter: jsonLines,
  maxSize: rotateAt,
  maxFiles: keptFiles,
  bufferSize: 64 * 1024,
  flushInterval: 1_000,
  nonBlocking: true,
} as const;
const errorLevels = new Set(["error", "fatal"]);

export interface LogFiles {
  sink: Sink;
  close(): Promise<void>;
}

type FileSink = Sink & Disposable;

/**
 * `<service>.log` with every line of a service and `<service>_errors.log` with its errors, rotated at 10 MB.
 * Two processes that rotate one file lose lines: of several, each has files of its own, as in `<service>.2.log`.
 */
export function openLogFiles(directory: string, number?: number): LogFiles {
  const fault = directoryFault(directory);
  if (fault !== undefined) throw new ConfigurationError([fault]);
  const ending = number === undefined ? ".log" : `.${number}.log`;
  const open = new Map<string, FileSink>();
  const fileOf = (name: string): Sink => {
    const known = open.get(name);
    if (known) return known;
    const file: FileSink = getRotatingFileSink(join(directory, `${name}${ending}`), fileOptions);
    open.set(name, file);
    return file;
  };
  return {
    sink(record) {
      const service = (record.category[1] ?? "host").replaceAll(/[^\w-]/g, "_");
      fileOf(service)(record);
      if (errorLevels.has(record.level)) fileOf(`${service}_errors`)(record);
    },
    async close() {
      await Promise.all([...open.values()].map(closeFile));
      open.clear();
    },
  };
}

/** A sink that writes in the background also closes there, although its declared type does not say so. */
const closeFile = async (file: FileSink): Promise<void> =>
  closesLater(file) ? await file[Symbol.asyncDispose]() : file[Symbol.dispose]();

const closesLater = (file: Disposable): file is Disposable & AsyncDisposable => Symbol.asyncDispose in file;
