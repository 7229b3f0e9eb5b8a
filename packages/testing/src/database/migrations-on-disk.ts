import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Migration, parseMigrations } from "@trivet/db/migrations";
import { root } from "../root.ts";

/** The services that have a schema. */
export const migratedServices = (): string[] => {
  const files = globSync("drizzle/*/*.up.sql", { cwd: root });
  return [...new Set(files.map((file) => basename(join(file, ".."))))].sort();
};

/** A service's migrations as they lie in `drizzle/`. */
export function migrationsOf(service: string): Migration[] {
  const files = globSync(`drizzle/${service}/*.sql`, { cwd: root });
  return parseMigrations(
    service,
    files.map((file) => ({ name: basename(file), text: readFileSync(join(root, file), "utf8") })),
  );
}
