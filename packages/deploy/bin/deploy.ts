import { join } from "node:path";
import process from "node:process";
import { defineCommand, runMain } from "citty";
import { overBudget, weightTable, weighWorkers } from "../src/budget.ts";
import { deploy } from "../src/deploy.ts";
import { readEnvRules } from "../src/env-rules.ts";
import { readManifests } from "../src/manifests.ts";
import { resourcesOf } from "../src/resources.ts";
import { SettingsError } from "../src/settings.ts";

const root = join(import.meta.dirname, "../../..");

const command = defineCommand({
  meta: { name: "deploy", description: "Migrate the database, then deploy every Worker to Cloudflare." },
  args: {
    "dry-run": {
      type: "boolean",
      description: "Only build the Workers and hold their size and start-up time against the budget.",
    },
  },
  run: async ({ args }) => {
    const manifests = readManifests(root);
    if (args["dry-run"]) await weigh(manifests);
    else await deploy(root, manifests).catch(report);
  },
});

// sysexits.h EX_CONFIG
const configurationExitCode = 78;

function report(error: unknown): void {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = configurationExitCode;
}

async function weigh(manifests: ReturnType<typeof readManifests>): Promise<void> {
  for (const [worker, { secrets }] of await readEnvRules(manifests)) {
    if (secrets.length > 0) process.stdout.write(`Secrets of ${worker}: ${secrets.join(", ")}\n`);
  }
  for (const { kind, name } of resourcesOf(manifests)) {
    process.stdout.write(`A deployment creates the ${kind} ${name} where it is missing\n`);
  }
  const weights = await weighWorkers(manifests);
  process.stdout.write(`${weightTable(weights)}\n`);
  for (const excess of overBudget(weights)) {
    process.stderr.write(`${excess}\n`);
    process.exitCode = 1;
  }
}

await runMain(command);
