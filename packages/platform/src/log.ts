import {
  configureSync,
  getConfig,
  getConsoleSink,
  getJsonLinesFormatter,
  getLogger,
  type Logger,
  type LogLevel,
  parseLogLevel,
  type Sink,
} from "@logtape/logtape";
import { redactByField } from "@logtape/redaction";

export type { Logger, LogLevel, Sink };

/** The logger of a service. Its lines carry the service's name as second category. */
export const serviceLogger = (service: string): Logger => getLogger(["trivet", service]);

const secretFields = [
  /pass(?:word|phrase|code)/i,
  /secret/i,
  /token/i,
  /api[-_]?key/i,
  /authorization/i,
  /cookie/i,
  /credential/i,
  /private/i,
  /^code$/i,
  /^otp$/i,
];

/** Wraps a sink so that a field whose name speaks of a secret never reaches it, at whatever depth. */
export function redacted(sink: Sink): Sink {
  const thorough = redactByField(sink, { fieldPatterns: secretFields, action: () => "[redacted]" });
  return (record) => (isHarmless(record.properties) ? sink : thorough)(record);
}

/** Names seen so far and whether they speak of a secret: few, since they stand in the code. */
const judged = new Map<string, boolean>();
const judgedLimit = 1_000;

/** Flat, and no name speaks of a secret: true of the line every request leaves, which need not be walked. */
function isHarmless(properties: Record<string, unknown>): boolean {
  for (const name in properties) {
    if (typeof properties[name] === "object" || isSecret(name)) return false;
  }
  return true;
}

function isSecret(name: string): boolean {
  const known = judged.get(name);
  if (known !== undefined) return known;
  const secret = secretFields.some((pattern) => pattern.test(name));
  if (judged.size < judgedLimit) judged.set(name, secret);
  return secret;
}

/**
 * One JSON object a line: `{"@timestamp","level","message","logger","properties":{...}}`. The message
 * stays a template, so that equal events have equal messages; the values are the properties.
 */
export const jsonLines = getJsonLinesFormatter({ message: "template" });

export interface LoggingOptions {
  level: LogLevel;
  sinks: Record<string, Sink>;
}

/** Sends all lines of this process to the given sinks, secrets redacted. Called once, by the entry. */
export function configureLogging({ level, sinks }: LoggingOptions): void {
  configureSync({
    reset: true,
    sinks: Object.fromEntries(Object.entries(sinks).map(([name, sink]) => [name, redacted(sink)])),
    loggers: [
      { category: "trivet", lowestLevel: level, sinks: Object.keys(sinks) },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: Object.keys(sinks) },
    ],
  });
}

/** The same for a reader without templates of its own: the message with its values filled in. */
const renderedLines = getJsonLinesFormatter({ message: "rendered" });

/** JSON lines to the console, unless an entry configured something else: what Workers collects, and shows as it is. */
export function ensureLogging(level: string | undefined): void {
  if (getConfig() !== null) return;
  configureLogging({
    level: parseLogLevel(level ?? "info"),
    sinks: { console: getConsoleSink({ formatter: renderedLines }) },
  });
}
