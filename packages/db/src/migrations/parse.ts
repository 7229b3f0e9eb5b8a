import { sha256 } from "@trivet/platform";
import { MigrationError } from "./migration-error.ts";

/** A file of `drizzle/<service>/`, read by whoever has a file system. */
export interface MigrationFile {
  /** `0001_profiles.up.sql` */
  name: string;
  text: string;
}

export interface Migration {
  /** `0001_profiles` */
  name: string;
  up: string;
  down: string;
  /** Extensions its head asks for: `-- requires extension: pg_trgm`, one a line. */
  extensions: string[];
  /** SHA-256 of the way up. The way down may be corrected later: nothing has come of it yet. */
  checksum: string;
}

const fileName = /^(\d{4})_([a-z\d]+(?:_[a-z\d]+)*)\.(up|down)\.sql$/;
const extensionLine = /^--\s*requires extension:\s*(\S+)\s*$/i;
const extensionName = /^[a-z][a-z\d_-]*$/;

/** The migrations of a service in order. Throws `MigrationError` naming the file that is wrong. */
export function parseMigrations(service: string, files: readonly MigrationFile[]): Migration[] {
  const texts = new Map<string, string>();
  for (const { name, text } of files) {
    if (!fileName.test(name)) {
      throw new MigrationError(`drizzle/${service}/${name} should be named like 0001_some_name.up.sql or .down.sql.`);
    }
    // A checkout with CRLF line ends is the same migration.
    texts.set(name, text.replaceAll("\r\n", "\n"));
  }
  const names = [...new Set([...texts.keys()].map((name) => name.replace(/\.(?:up|down)\.sql$/, "")))].sort();
  return names.map((name, index) => {
    checkNumber(service, names, index);
    return parseOne(service, name, texts);
  });
}

function checkNumber(service: string, names: string[], index: number): void {
  const name = names[index] ?? "";
  const number = Number(name.slice(0, 4));
  const previous = names[index - 1];
  if (previous?.slice(0, 4) === name.slice(0, 4)) {
    throw new MigrationError(
      `drizzle/${service}: ${previous} and ${name} have the same number. Renumber the newer one.`,
    );
  }
  if (number !== index + 1) {
    const expected = String(index + 1).padStart(4, "0");
    throw new MigrationError(
      `drizzle/${service}: ${name} follows a gap. The next migration should be number ${expected}.`,
    );
  }
}

function parseOne(service: string, name: string, texts: Map<string, string>): Migration {
  const [up, down] = ["up", "down"].map((way) => {
    const text = texts.get(`${name}.${way}.sql`);
    if (text === undefined) {
      throw new MigrationError(
        `drizzle/${service}/${name}.${way}.sql is missing: every migration has a way up and a way down.`,
      );
    }
    refuseTransactionControl(`drizzle/${service}/${name}.${way}.sql`, text);
    return text;
  });
  if (up === undefined || down === undefined) throw new MigrationError(`drizzle/${service}/${name} is incomplete.`);
  return { name, up, down, extensions: readExtensions(`drizzle/${service}/${name}.up.sql`, up), checksum: sha256(up) };
}

/** The head is the comment lines before the first statement. */
function readExtensions(file: string, text: string): string[] {
  const lines = text.split("\n");
  const end = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("--"));
  const head = lines.slice(0, end === -1 ? lines.length : end);
  return head.flatMap((line) => {
    const name = extensionLine.exec(line)?.[1];
    if (name === undefined) return [];
    if (!extensionName.test(name)) throw new MigrationError(`${file} requires ${name}, which is no extension's name.`);
    return [name];
  });
}

const quoted = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[\s\S]*?\1/g;

/** A migration and the note that it was applied are one transaction, so it may not end that itself. */
function refuseTransactionControl(file: string, text: string): void {
  for (const statement of text.replaceAll(quoted, " ").split(";")) {
    const verb = /^\s*(begin|start\s+transaction|commit|end|rollback|abort|prepare\s+transaction)\b/i.exec(
      statement,
    )?.[1];
    // An SQL-standard function body (BEGIN ATOMIC ... END) holds its statements unquoted.
    if (verb === undefined || /\bbegin\s+atomic\b/i.test(text)) continue;
    throw new MigrationError(
      `${file} says ${verb.toUpperCase()}. Take it out: each migration runs in a transaction of its own.`,
    );
  }
}
