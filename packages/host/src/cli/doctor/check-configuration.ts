import { openSource, readVariables } from "../../config/index.ts";
import { type Manifest, readManifests } from "../../manifest/index.ts";
import { isPortFree } from "../../postgres/index.ts";
import { planListeners } from "../../select.ts";
import { PortTakenError } from "../../server/index.ts";
import { readSettings } from "../../settings.ts";
import { about, type Finding } from "./finding.ts";

/** The manifests, the variables and the ports that `npm start` would use. */
export async function checkConfiguration(root: string): Promise<Finding[]> {
  const { manifests, faults } = readManifests(root);
  const manifestFinding =
    faults.length === 0
      ? about("manifests").ok(manifests.map(({ service }) => service).join(", "))
      : about("manifests").fail(faults.join("\n"));
  const source = openSource(root, process.env);
  const variables = await readVariables(root, source, manifests);
  const { settings, faults: settingFaults } = readSettings(source, variables.environment);
  const variableFaults = [...new Set([...variables.faults.values(), ...source.faults.values(), ...settingFaults])];
  const variableFinding =
    variableFaults.length === 0
      ? about("variables").ok(`complete for ${variables.environment}`)
      : about("variables").fail(variableFaults.join("\n"));
  return [manifestFinding, variableFinding, ...(await checkPorts(manifests, settings.port))];
}

async function checkPorts(manifests: readonly Manifest[], wanted: number | undefined): Promise<Finding[]> {
  const { listeners } = planListeners(manifests, wanted);
  return await Promise.all(
    listeners.map(async ({ manifest, port }) => {
      const finding = about(`port ${port}`);
      if (await isPortFree(port)) return finding.ok(`free for ${manifest.service}`);
      // Trivet itself may be what runs there.
      return finding.warn(new PortTakenError(port).message);
    }),
  );
}
