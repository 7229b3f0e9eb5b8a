import { getPrettyFormatter } from "@logtape/pretty";
import type { Sink } from "@trivet/platform";

type LogRecord = Parameters<Sink>[0];

/**
 * Lines for a person at a terminal: the message with its values filled in, below it what else a warning
 * knows and an error's stack. What came from outside can neither start a line of its own nor reach the terminal as a command.
 */
export function readableLines(colors: boolean): (record: LogRecord) => string {
  const format = getPrettyFormatter({
    colors,
    timestamp: "time",
    icons: false,
    level: "ABBR",
    levelStyle: null,
    categoryWidth: 14,
    wordWrap: false,
    messageStyle: null,
  });
  return (record) => {
    const line = format({ ...record, category: record.category.slice(1), message: [readableMessage(record.message)] });
    return line + detailsBelow(record) + Object.values(record.properties).map(stackBelow).join("");
  };
}

/** The parts alternate between text of the template and values; the formatter would quote each string. */
const readableMessage = (parts: readonly unknown[]): string =>
  parts.map((part) => escapeControls(typeof part === "object" ? briefly(part) : String(part))).join("");

const briefly = (value: object | null): string =>
  value instanceof Error ? value.message : (JSON.stringify(value) ?? "");

const quietLevels = new Set(["trace", "debug", "info"]);

/** Where something is wrong, the values that the message does not mention are likely to say why. */
function detailsBelow({ level, rawMessage, properties }: LogRecord): string {
  if (quietLevels.has(level)) return "";
  const template = String(rawMessage);
  return Object.entries(properties)
    .filter(([name, value]) => !(value instanceof Error || template.includes(`{${name}}`)))
    .map(
      ([name, value]) =>
        `    ${escapeControls(`${name}: ${typeof value === "object" ? briefly(value) : String(value)}`)}\n`,
    )
    .join("");
}

/** Errors, and what services make of them for a log: an object with the same names. */
function stackBelow(value: unknown): string {
  if (!looksLikeError(value)) return "";
  const lines = (value.stack ?? `${value.name}: ${value.message}`).split("\n");
  const cause = looksLikeError(value.cause) ? `    caused by\n${stackBelow(value.cause)}` : "";
  return lines.map((line) => `    ${escapeControls(line)}\n`).join("") + cause;
}

interface ErrorLike {
  name: string;
  message: string;
  stack?: string | undefined;
  cause?: unknown;
}

const looksLikeError = (value: unknown): value is ErrorLike =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  typeof value.name === "string" &&
  "message" in value &&
  typeof value.message === "string";

// C0 and C1 controls, DEL, and the separators that some terminals and viewers break lines at.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this looks for.
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

const escapeControls = (text: string): string =>
  text.replaceAll(controls, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
