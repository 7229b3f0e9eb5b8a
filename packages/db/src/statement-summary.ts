/** Beyond this many different texts, such as inserts of ever other sizes, they are read anew. */
const kept = 1_000;
const summaries = new Map<string, string>();

/** What the conventions allow. */
const longest = 255;

/**
 * A statement in few words, as in `INSERT auth.outbox` or `SELECT events.log UPDATE events.log`: its operations and
 * tables, in their order and each once (https://opentelemetry.io/docs/specs/semconv/database/database-spans/, "Generating
 * a summary of the query"). Only tables that are written with their schema are tables of ours; what goes by another name
 * is a part of the statement itself.
 */
export function summaryOf(text: string): string {
  const known = summaries.get(text);
  if (known !== undefined) return known;
  const made = summarise(text);
  if (summaries.size < kept) summaries.set(text, made);
  return made;
}

/** Constants, comments, and the FROMs that are none of a table. */
const noise = /'(?:[^']|'')*'|--[^\n]*|\/\*.*?\*\/|\bextract\s*\(\s*\w+\s+from\b|\bdistinct\s+from\b/gis;
/** `FOR UPDATE` locks, `DO UPDATE` is a part of its INSERT. */
const operations = String.raw`(?<!\b(?:for|do|key)\s+)\b(select|insert|update|delete|merge)\b`;
const tables = String.raw`(?<=\b(?:from|join|into|update|only)\s+)"?(\w+)"?\."?(\w+)"?`;
const words = new RegExp(`${operations}|${tables}`, "gi");

function summarise(text: string): string {
  const found: string[] = [];
  let operation: string | undefined;
  for (const [, operates, schema, table] of text.replace(noise, " ").matchAll(words)) {
    if (operates !== undefined) operation = operates.toUpperCase();
    else if (operation !== undefined) found.push(`${operation} ${schema}.${table}`);
  }
  const parts = [...new Set(found)];
  while (parts.join(" ").length > longest) parts.pop();
  return parts.join(" ") || operation || (/\w+/.exec(text)?.[0] ?? "").toUpperCase() || "STATEMENT";
}
