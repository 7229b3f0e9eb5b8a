import { openSource } from "../../config/index.ts";
import { ConfigurationError } from "../../configuration-error.ts";
import { checkHost } from "../../host.ts";
import { readManifests } from "../../manifest/index.ts";
import { planListeners } from "../../select.ts";
import { PortTakenError, probePort } from "../../server/index.ts";
import { readPort } from "../../settings.ts";
import { about, type Finding, reasonOf } from "./finding.ts";

/** The manifests, every variable as the services themselves see it, and the ports that `npm start` would use. */
export async function checkConfiguration(root: string): Promise<Finding[]> {
  const { manifests, faults } = readManifests(root);
  const found =
    faults.length === 0
      ? about("manifests").ok(manifests.map(({ service }) => service).join(", "))
      : about("manifests").fail(faults.join("\n"));
  const source = openSource(root, process.env);
  const { listeners } = planListeners(manifests, readPort(source));
  // Whether an embedded database can be started is looked at by itself.
  const databaseUrl = source.read("DATABASE_URL") || "postgres://postgres@127.0.0.1/trivet";
  try {
    const { settings, environment } = await checkHost({ root, databaseUrl, port: 0 });
    const ports = listeners.map(({ manifest, port }) => checkPort(settings.hostname, port, manifest.service));
    return [found, about("variables").ok(`complete for ${environment}`), ...(await Promise.all(ports))];
  } catch (error) {
    return [found, ...told(error, faults)];
  }
}

/** What is wrong beside the manifests: a sentence for each variable, which says how to mend it. */
function told(error: unknown, known: readonly string[]): Finding[] {
  if (!(error instanceof ConfigurationError)) {
    return [about("services").fail(reasonOf(error), "Mend what does not load, then ask again.")];
  }
  const others = error.faults.filter((fault) => !known.includes(fault));
  return others.length === 0 ? [] : [about("variables").fail(others.join("\n"))];
}

async function checkPort(hostname: string, port: number, service: string): Promise<Finding> {
  const finding = about(`port ${port}`);
  try {
    await probePort(hostname, port);
    return finding.ok(`free for ${service}`);
  } catch (error) {
    // Trivet itself may be what runs there.
    return error instanceof PortTakenError ? finding.warn(error.message) : finding.fail(reasonOf(error));
  }
}
