import { ConfigurationError } from "../configuration-error.ts";
import { startEmbeddedPostgres } from "../postgres/index.ts";
import { type Project, withoutUrl } from "./project.ts";

export interface DatabaseServer {
  /** The administrator's URL; undefined where each service has been given its own. */
  adminUrl: string | undefined;
  /** Whether the server is the one that npm installed. */
  embedded: boolean;
  stop(): Promise<void>;
}

/** The configured database, or the embedded one where a service needs one and none is configured. */
export async function openDatabaseServer(project: Project): Promise<DatabaseServer> {
  const given = project.source.read("DATABASE_URL");
  const without = withoutUrl(project);
  // What could not be read is not the same as not set: the embedded database is nobody's production.
  if (project.source.faults.size > 0) throw new ConfigurationError([...project.source.faults.values()]);
  if (without.length === 0) {
    return { adminUrl: given === "" ? undefined : given, embedded: false, stop: () => Promise.resolve() };
  }
  const { url, stop } = await startEmbeddedPostgres({
    directory: project.directory,
    onLog: (line) => process.stderr.write(`${line}\n`),
  });
  return { adminUrl: url, embedded: true, stop };
}
