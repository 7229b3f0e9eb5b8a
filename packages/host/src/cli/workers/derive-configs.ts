import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";
import { type ProcessEnv, readOptionalSecrets, readVariables, type Variables } from "../../config/index.ts";
import { ConfigurationError } from "../../configuration-error.ts";
import { databaseUrl } from "../../hyperdrive/index.ts";
import { loadWorker } from "../../load.ts";
import { type Manifest, routerName } from "../../manifest/index.ts";
import { readPort } from "../../settings.ts";
import { serviceOwner } from "../../store/index.ts";
import type { Project } from "../project.ts";

const publicPort = 8787;

/** What `wrangler` is to run: one file for each Worker, the public one first. */
export interface DerivedConfigs {
  files: string[];
  port: number;
  /** Beside each file: `.dev.vars` with the Worker's secrets. */
  directory: string;
}

/**
 * Turns each wrangler.toml into one that `wrangler dev` can run on this machine's database with this
 * machine's variables. The originals say nothing of either, and stay as they are.
 */
export async function deriveConfigs(
  project: Project,
  adminUrl: string | undefined,
  wanted: number | undefined,
): Promise<DerivedConfigs> {
  const { root, source, selected } = project;
  const { front, port } = publicDoor(project, wanted);
  const variables = await readVariables(root, source, selected, port);
  // Two that run at once are on two ports, and neither may overwrite what the other reads.
  const directory = join(project.directory, "workers", String(port));
  const faults = [...new Set(variables.faults.values())];
  const files: string[] = [];
  for (const manifest of [front, ...selected.filter((one) => one !== front)]) {
    const { url, fault } = await connection(project, manifest, adminUrl);
    if (fault !== undefined) faults.push(fault);
    else files.push(await writeConfig(project, join(directory, manifest.service), manifest, variables, url));
  }
  if (faults.length > 0) throw new ConfigurationError(faults);
  return { files, port, directory };
}

/** The Worker that the public reaches, and where. */
export function publicDoor(
  { source, selected }: Project,
  wanted: number | undefined,
): { front: Manifest; port: number } {
  const front = selected.find(({ service }) => service === routerName) ?? selected[0];
  if (front === undefined) throw new ConfigurationError(["There is no service to start"]);
  return { front, port: wanted || readPort(source) || front.port || publicPort };
}

const connection = (
  { source }: Project,
  manifest: Manifest,
  adminUrl: string | undefined,
): Promise<{ url?: string; fault?: string }> =>
  manifest.hyperdrive.length === 0 ? Promise.resolve({}) : databaseUrl(source, serviceOwner(manifest), adminUrl);

const sections = z.looseObject({
  hyperdrive: z.array(z.looseObject({})).optional(),
  assets: z.looseObject({}).optional(),
});

async function writeConfig(
  { root, source }: Project,
  folder: string,
  manifest: Manifest,
  variables: Variables,
  url: string | undefined,
): Promise<string> {
  const toml = sections.parse(parse(await readFile(join(root, manifest.file), "utf8")));
  const values = variables.of.get(manifest.service) ?? {};
  const vars = Object.fromEntries(Object.entries(values).filter(([name]) => !manifest.secrets.includes(name)));
  const optional = readOptionalSecrets(source, manifest, await loadWorker(manifest), variables).values;
  const secrets = { ...secretsOf(manifest, values), ...optional };
  const hyperdrive = toml.hyperdrive?.map((section) => ({ ...section, localConnectionString: url }));
  const assets = manifest.assets && { ...toml.assets, directory: manifest.assets.directory };
  // We trigger the crons, and wrangler need not warn that it does not.
  const left = { env: undefined, triggers: undefined, send_metrics: false };
  // Of what .dev.vars holds, wrangler passes on what is required.
  const required = Object.keys(secrets);
  const derived = { ...toml, main: manifest.main, vars, secrets: { required }, hyperdrive, assets, ...left };
  const file = join(folder, "wrangler.json");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writePrivately(file, JSON.stringify(derived, null, 2));
  await writePrivately(join(folder, ".dev.vars"), secretLines(secrets));
  return file;
}

async function writePrivately(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 });
  await chmod(file, 0o600);
}

const secretsOf = ({ secrets }: Manifest, values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(secrets.map((name) => [name, String(values[name] ?? "")]));

/** Any of dotenv's three quotes that the value itself does not hold. */
function secretLines(secrets: Readonly<Record<string, string>>): string {
  const lines = Object.entries(secrets).map(([name, value]) => {
    const quote = ["'", "`", '"'].find((mark) => !value.includes(mark));
    if (quote === undefined)
      throw new ConfigurationError([`${name} holds all three quotes ' " \`, which .dev.vars cannot`]);
    return `${name}=${quote}${value}${quote}\n`;
  });
  return lines.join("");
}

/** wrangler without accounts, prompts, telemetry or calls to the internet. */
export const wranglerEnv = (directory: string): ProcessEnv => ({
  ...process.env,
  CI: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  WRANGLER_REGISTRY_PATH: join(directory, "registry"),
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
  X_LOCAL_OBSERVABILITY: "false",
});
