import process from "node:process";
import type { TestProject } from "vitest/node";
import { failuresOf } from "../report/failures.ts";
import { ending } from "./ending.ts";
import { type IdentityProvider, startIdentityProvider } from "./identity-provider.ts";
import { type Runtime, runtimeNames } from "./start-process.ts";
import { type System, startSystem } from "./start-system.ts";

/** What tests of the whole system know of one that runs for all of them. */
export interface SharedSystem {
  runtime: Runtime;
  url: string;
  secrets: System["secrets"];
  adminUrl: string;
}

declare module "vitest" {
  interface ProvidedContext {
    systems: SharedSystem[];
    identityProvider: IdentityProvider;
  }
}

export const runtimes = Object.keys(runtimeNames).filter((name): name is Runtime => Object.hasOwn(runtimeNames, name));

/** Logins are most of what the suites would wait for; what a hash costs is tested where it is made. */
const quickPasswords = { PASSWORD_COST: "8" };

/** The limits would refuse most of what the suites send; tests of the limits start systems of their own. */
export const withoutLimits = {
  RATE_LIMIT_USER: "1000000",
  RATE_LIMIT_ADDRESS: "1000000",
  RATE_LIMIT_CREDENTIALS: "1000000",
  LOGIN_TRIES_PER_ADDRESS: "10000",
};

/** Vitest's global setup: the whole system, once on each runtime, each on a database of its own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { provider, stop: stopProvider } = await startIdentityProvider();
  const { id, issuer, clientId } = provider;
  // One issuer for all, so that what they answer differs by nothing but the runtime.
  const env = {
    ...withoutLimits,
    ...quickPasswords,
    PUBLIC_URL: "http://trivet.test",
    OAUTH_PROVIDERS: JSON.stringify([{ id, issuer, clientId }]),
  };
  const outcomes = await Promise.allSettled(runtimes.map((runtime) => startSystem({ runtime, env })));
  const systems = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const stop = async () => {
    await Promise.all([...systems.map((system) => system.stop()), stopProvider()]);
    const failures = failuresOf(project.vitest.state.getTestModules(), []);
    for (const { runtime, output } of systems) {
      if (!failures.some(({ name }) => concerns(name, runtime))) continue;
      process.stderr.write(`\nWhat the system wrote on ${runtimeNames[runtime]}:\n${ending(output())}\n`);
    }
  };
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) {
    await stop();
    throw failed.reason;
  }
  project.provide(
    "systems",
    systems.map(({ runtime, url, secrets, database }) => ({ runtime, url, secrets, adminUrl: database.adminUrl })),
  );
  project.provide("identityProvider", provider);
  return stop;
}

/** Whether a test asked the system on this runtime: one that names none may have asked all of them. */
function concerns(test: string, runtime: Runtime): boolean {
  if (!test.startsWith("packages/testing/test/system/")) return false;
  const named = runtimes.filter((name) => test.includes(`on ${name}`));
  return named.length === 0 || named.includes(runtime);
}
