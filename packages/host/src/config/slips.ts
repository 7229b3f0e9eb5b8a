import { closest } from "fastest-levenshtein";
import { type Manifest, variablePrefix } from "../manifest/index.ts";
import { hostVariables } from "./host-variables.ts";
import { isNearly } from "./nearly.ts";
import type { Source } from "./source.ts";

/**
 * Names in `.env`, which is ours, that nothing reads and that can hardly be anything but a slip of one that is read.
 * `optional` are those that only the code of the services names; who has not loaded it asks for slips of `sought` alone.
 */
export function slips(
  source: Source,
  manifests: readonly Manifest[],
  optional: readonly string[],
  sought?: readonly string[],
): string[] {
  const known = [
    ...hostVariables,
    ...manifests.flatMap(({ vars, secrets }) => [...Object.keys(vars), ...secrets]),
    ...manifests.map(({ service }) => `${variablePrefix(service)}_URL`),
    ...optional,
  ];
  return source.given().flatMap(({ name, own }) => {
    // Addresses of services are held against the services that there are.
    if (!own || known.includes(name) || name.endsWith("_URL") || name.startsWith("DATABASE_URL_")) return [];
    const nearest = closest(name, known);
    if (!isNearly(name, nearest, Math.min(2, nearest.length / 4)) || sought?.includes(nearest) === false) return [];
    return [`${name} in .env is read by nothing: rename it to ${nearest}, or take it out`];
  });
}
