import { type Manifest, routerName } from "../manifest/index.ts";
import type { Source } from "./source.ts";

/** Which rules hold. Closed: a typing error in `production` must not switch its rules off. */
export type Environment = "development" | "production";

const environments: readonly string[] = ["development", "production"] satisfies Environment[];
const isEnvironment = (value: string): value is Environment => environments.includes(value);

/** `TRIVET_ENV`, else what `NODE_ENV=production` implies, else the router's `[vars]`, else development. */
export function readEnvironment(
  source: Source,
  manifests: readonly Manifest[],
): { environment: Environment; faults: string[] } {
  const preset = manifests.find(({ service }) => service === routerName)?.vars.TRIVET_ENV;
  const given = source.read("TRIVET_ENV");
  const implied = source.read("NODE_ENV") === "production" ? "production" : preset;
  const value = String(given ?? implied ?? "development");
  if (isEnvironment(value)) return { environment: value, faults: [] };
  // Faults are reported whatever the rules are; the strictest reports the most of them.
  return {
    environment: "production",
    faults: [`TRIVET_ENV is "${value}"; it must be one of ${environments.join(", ")}`],
  };
}
