import { hostName, type Manifest } from "../manifest/index.ts";

/** Whoever has a schema and a role of its own: a service, or the host. */
export interface SchemaOwner {
  /** Its name, its schema's, and its folder's in `drizzle/`. */
  service: string;
  /** What it needs the database for, for messages. */
  need: string;
}

/** What Cloudflare keeps for a Worker elsewhere, such as its queues, the host keeps in a schema of its own. */
function keptFor({ file, queues, crons }: Manifest): string[] {
  const kinds = [queues.producers.length + queues.consumers.length > 0 && "queues", crons.length > 0 && "triggers"];
  const kept = kinds.flatMap((kind) => (kind === false ? [] : `\`${kind}\``));
  return kept.length === 0 ? [] : [`${file}: ${kept.join(", ")}`];
}

export const serviceOwner = ({ service, file }: Manifest): SchemaOwner => ({
  service,
  need: `${file}: \`hyperdrive\``,
});

/** Those of these services that have a database, and the host where one of them makes it keep something. */
export function schemaOwners(manifests: readonly Manifest[]): SchemaOwner[] {
  const owners = manifests.filter(({ hyperdrive }) => hyperdrive.length > 0).map(serviceOwner);
  const host = hostOwner(manifests);
  return host ? [...owners, host] : owners;
}

export function hostOwner(manifests: readonly Manifest[]): SchemaOwner | undefined {
  const kept = manifests.flatMap(keptFor);
  return kept.length === 0 ? undefined : { service: hostName, need: kept.join("; ") };
}
