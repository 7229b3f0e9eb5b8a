import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../exit.ts";

/** An entry in a file that is there already. */
export interface Edit {
  /** From the root of the repository. */
  path: string;
  before: string;
  after: string;
}

/** The file's text with the entry; undefined where the place for it is not to be found. */
type Insert = (text: string) => string | undefined;

/** What other files say of a new service. Throws `CommandError` where one has no place for it. */
export function editsFor(root: string, name: string, port: number): Edit[] {
  return Object.entries(insertions(name, port)).map(([path, inserts]) => {
    const before = readFileSync(join(root, path), "utf8");
    const after = inserts.reduce<string | undefined>((text, insert) => text && insert(text), before);
    if (after === undefined) {
      throw new CommandError(
        `${path} is not as this command knows it, so it finds no place for ${name}. Nothing was written.`,
      );
    }
    return { path, before, after };
  });
}

const insertions = (name: string, port: number): Record<string, Insert[]> => ({
  "wrangler.toml": [
    afterLast("[[services]]", `[[services]]\nbinding = "${name.toUpperCase()}"\nservice = "trivet-${name}"\n`),
  ],
  "workers/events/wrangler.toml": [
    afterLast(
      "[[queues.producers]]",
      `[[queues.producers]]\nbinding = "INBOX_${name.toUpperCase()}"\nqueue = "inbox-${name}"\n`,
    ),
    afterLast(
      "[[queues.consumers]]",
      `[[queues.consumers]]\nqueue = "inbox-${name}-dead"\nmax_batch_timeout = 1\nmax_retries = 100\n`,
    ),
  ],
  "packages/contracts/src/events/catalogue.ts": [
    before("\nexport const events = {\n", `\n${announced(name)}`),
    before("} as const;\n", `  [${name}ItemAdded.name]: ${name}ItemAdded,\n`),
    before("  // It counts whatever happens.\n", `  ${name}: ["user.deleted"],\n`),
  ],
  "README.md": [
    afterTable("## Services", `| ${name} | items that people keep for themselves | \`/${name}/*\` | ${port} |\n`),
  ],
});

const announced = (name: string): string => `export const ${name}ItemAdded = defineEvent({
  name: "${name}.item_added",
  version: 1,
  service: "${name}",
  summary: "Somebody added an item",
  subject: "userId",
  data: z.object({ userId: id, itemId: id }),
});
`;

/** In front of a text that stands there once. */
function before(anchor: string, entry: string): Insert {
  return (text) => {
    const [head = "", tail, ...more] = text.split(anchor);
    return tail === undefined || more.length > 0 ? undefined : head + entry + anchor + tail;
  };
}

/** Behind the last section of TOML that has this heading. */
function afterLast(heading: string, entry: string): Insert {
  return (text) => {
    const start = text.lastIndexOf(`\n${heading}\n`);
    if (start === -1) return undefined;
    const end = text.indexOf("\n\n", start + 1);
    return end === -1 ? `${text}\n${entry}` : `${text.slice(0, end)}\n\n${entry}${text.slice(end + 1)}`;
  };
}

/** At the end of the first table below a heading of Markdown. */
function afterTable(heading: string, row: string): Insert {
  return (text) => {
    const table = text.indexOf("\n|", text.indexOf(`\n${heading}\n`));
    const end = text.indexOf("\n\n", table);
    const isThere = text.includes(`\n${heading}\n`) && table !== -1 && end !== -1;
    return isThere ? `${text.slice(0, end + 1)}${row}${text.slice(end + 1)}` : undefined;
  };
}
