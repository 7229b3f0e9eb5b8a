import { globSync } from "node:fs";
import { parseSync, Visitor } from "oxc-parser";

/** Every source file of the house, by its path from `root`, sorted. */
export const sourceFiles = (root: string): string[] =>
  globSync("{packages,workers}/*/{src,test,bin}/**/*.{ts,mts,js,mjs}", {
    cwd: root,
    exclude: (name) => name === "node_modules",
  }).sort();

export interface Import {
  imports: string;
  line: number;
}

/** What a file imports, types included, wherever in it the import stands. */
export function importsOf(file: string, source: string): Import[] {
  const parsed = parseSync(file, source);
  const fault = parsed.errors.find((error) => error.severity === "Error");
  if (fault) throw new Error(`${file} cannot be parsed: ${fault.message}`);
  const found: Import[] = [];
  const add = (imports: string, start: number) => {
    found.push({ imports, line: source.slice(0, start).split("\n").length });
  };
  for (const statement of parsed.module.staticImports) add(statement.moduleRequest.value, statement.start);
  for (const statement of parsed.module.staticExports) {
    const request = statement.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (request) add(request.value, statement.start);
  }
  new Visitor({
    ImportExpression: ({ source: argument, start }) => {
      if (argument.type === "Literal" && typeof argument.value === "string") add(argument.value, start);
    },
    TSImportType: ({ source: literal, start }) => add(literal.value, start),
  }).visit(parsed.program);
  return found;
}
