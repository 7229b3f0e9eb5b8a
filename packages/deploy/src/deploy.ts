import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { deployConfig } from "./deploy-config.ts";
import { deploySteps } from "./deploy-steps.ts";
import { readEnvRules } from "./env-rules.ts";
import type { Manifest } from "./manifests.ts";
import { createMissing, resourcesOf } from "./resources.ts";
import { needsDatabase, type Settings, settingsFrom } from "./settings.ts";
import { wrangler } from "./wrangler.ts";

/** Creates missing queues and buckets, migrates the database, then deploys every Worker, each after those it is bound to. */
export async function deploy(root: string, manifests: readonly Manifest[]): Promise<void> {
  const settings = settingsFrom(root, process.env, manifests, await readEnvRules(manifests));
  const existing = await existingWorkers(root, manifests);
  await createMissing(root, resourcesOf(manifests));
  if (needsDatabase(manifests)) await migrate(root);
  const workers = manifests.map(({ config }) => ({
    name: config.name,
    needs: config.services.map(({ service }) => service).filter((service) => service !== config.name),
  }));
  const byName = new Map(manifests.map((manifest) => [manifest.config.name, manifest]));
  for (const { name, without } of deploySteps(workers, existing)) {
    const manifest = byName.get(name);
    if (manifest) await deployWorker(root, manifest, settings, without);
  }
}

async function migrate(root: string): Promise<void> {
  const args = [join(root, "packages/host/bin/trivet.mjs"), "migrate", "up"];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  const code = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (code !== 0) throw new Error("The migrations failed; nothing was deployed.");
}

// Cloudflare's codes for a Worker that does not exist.
const notThere = /\b(?:10007|10090)\b/;

async function existingWorkers(root: string, manifests: readonly Manifest[]): Promise<Set<string>> {
  const existing = new Set<string>();
  for (const { config } of manifests) {
    const { code, output } = await wrangler(["deployments", "list", "--json", "--name", config.name], { cwd: root });
    if (code === 0) existing.add(config.name);
    else if (!notThere.test(output)) throw new Error(`Cloudflare cannot be asked for ${config.name}:\n${output}`);
  }
  return existing;
}

async function deployWorker(root: string, manifest: Manifest, settings: Settings, without: string[]): Promise<void> {
  const { name } = manifest.config;
  process.stdout.write(`\n${name}${without.length === 0 ? "" : `, still without ${without.join(", ")}`}\n`);
  // A folder only this user can read, because the secrets pass through it.
  const directory = mkdtempSync(join(tmpdir(), "trivet-deploy-"));
  try {
    const config = join(directory, "wrangler.json");
    writeFileSync(config, JSON.stringify(deployConfig(manifest, settings, without)));
    const args = ["deploy", "--config", config];
    const secrets = settings.secrets[name] ?? {};
    if (Object.keys(secrets).length > 0) {
      const file = join(directory, "secrets.json");
      writeFileSync(file, JSON.stringify(secrets), { mode: 0o600 });
      args.push("--secrets-file", file);
    }
    const { code } = await wrangler(args, { cwd: root, echo: true });
    if (code !== 0) throw new Error(`${name} was not deployed.`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
