import type { Column, Suite } from "./suites.ts";

/** Whether a test passed, by its `describe` and title. */
export type Outcomes = ReadonlyMap<string, boolean>;

export const outcomeKey = (describe: string, title: string): string => `${describe} > ${title}`;

const head = `# What holds where

Every cell is a test that ran: \`npm run conformance\` runs them and writes this page. A footnote says where
a promise does not apply or is known to differ, and why.
`;

/** The page as Markdown. */
export function writeMatrix(suites: readonly Suite[], outcomes: Outcomes): string {
  return [head, ...suites.map((suite) => writeSuite(suite, outcomes))].join("\n");
}

function writeSuite({ title, rows, columns }: Suite, outcomes: Outcomes): string {
  const notes: string[] = [];
  const cell = (row: string, { describe, except }: Column): string => {
    const why = except[row];
    if (why !== undefined) return `[${noteOf(notes, why)}]`;
    const passed = outcomes.get(outcomeKey(describe, row));
    if (passed === undefined) throw new Error(`No test "${row}" ran in "${describe}".`);
    return passed ? "yes" : "**no**";
  };
  const lines = [
    ["", ...columns.map((column) => column.title)],
    ["---", ...columns.map(() => ":-:")],
  ];
  for (const row of rows) lines.push([row, ...columns.map((column) => cell(row, column))]);
  const table = lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const footnotes = notes.map((note, index) => `- [${index + 1}] ${note}\n`).join("");
  return `## ${title}\n\n${table}\n${footnotes === "" ? "" : `\n${footnotes}`}`;
}

function noteOf(notes: string[], why: string): number {
  if (!notes.includes(why)) notes.push(why);
  return notes.indexOf(why) + 1;
}

/** What stays the same while only outcomes change: a page is stale when its shape is not today's. */
export const shapeOf = (page: string): string => page.replaceAll(/(?<=\| )(?:yes|\*\*no\*\*)(?= \|)/g, "?");

/** The shape of the page that today's suites would make. */
export function currentShape(suites: readonly Suite[]): string {
  const all = suites.flatMap(({ rows, columns }) =>
    columns.flatMap(({ describe }) => rows.map((row): [string, boolean] => [outcomeKey(describe, row), true])),
  );
  return shapeOf(writeMatrix(suites, new Map(all)));
}
