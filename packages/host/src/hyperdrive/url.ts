import { MigrationError, serviceUrl } from "@trivet/db/migrations";
import type { Source } from "../config/index.ts";
import { hostName, type Manifest, variablePrefix } from "../manifest/index.ts";
import type { SchemaOwner } from "../store/index.ts";

const protocols = new Set(["postgres:", "postgresql:"]);

/**
 * The URL of an owner's own role: `DATABASE_URL_<SERVICE>` as it is, else derived from the
 * administrator's URL, which a service itself never sees.
 */
export async function databaseUrl(
  source: Source,
  { service, need }: SchemaOwner,
  adminUrl: string | undefined,
): Promise<{ url?: string; fault?: string }> {
  const own = `DATABASE_URL_${variablePrefix(service)}`;
  const given = source.read(own);
  if (given) return isDatabaseUrl(given) ? { url: given } : { fault: malformed(own) };
  const admin = adminUrl ?? source.read("DATABASE_URL");
  if (!admin) {
    return {
      fault: `${need} needs a database: set DATABASE_URL, or ${own} for ${service} alone`,
    };
  }
  if (!isDatabaseUrl(admin)) return { fault: malformed("DATABASE_URL") };
  try {
    return { url: await serviceUrl(admin, service) };
  } catch (error) {
    if (error instanceof MigrationError) return { fault: error.message };
    throw error;
  }
}

const isDatabaseUrl = (value: string): boolean => protocols.has(URL.parse(value)?.protocol ?? "");

/** What is wrong with the addresses that are set, whoever uses them. */
export function databaseFaults(source: Source, manifests: readonly Manifest[]): string[] {
  const owners = [...manifests.map(({ service }) => service), hostName];
  const names = ["DATABASE_URL", ...owners.map((service) => `DATABASE_URL_${variablePrefix(service)}`)];
  return names.flatMap((name) => {
    const given = source.read(name);
    return given && !isDatabaseUrl(given) ? [malformed(name)] : [];
  });
}

// The value holds a password and is not repeated.
const malformed = (name: string): string => `${name} is not a URL like postgres://user:password@host:5432/database`;
