import type { RunningService } from "../host.ts";

/** Where to look, as a short table: each service with its paths, then its documentation. */
export function printAddresses(url: string, services: readonly RunningService[]): void {
  const rows = services.flatMap(({ name, url: own, paths }) => paths.map((path) => [name, new URL(path, own).href]));
  const docs = services.some(({ name }) => name === "router") ? [["docs", new URL("/docs", url).href]] : [];
  process.stdout.write(`\n${formatTable([...rows, ...docs])}\n\n`);
}

/** The same for whoever has seen the table. */
export function printAddress(url: string): void {
  process.stdout.write(`trivet: running at ${url}\n`);
}

/** Columns as wide as their widest cell. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd())
    .join("\n");
}
