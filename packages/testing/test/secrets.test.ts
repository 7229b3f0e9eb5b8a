import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { root } from "../src/root.ts";
import { startSystem } from "../src/system/start-system.ts";

/** Every secret that the services can do without, half of them in files; each value begins with the word that is looked for. */
function canaries(): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "trivet-secrets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const inFile = (name: string, value: string) => {
    writeFileSync(join(folder, name), `${value}\n`);
    return { [`${name}_FILE`]: join(folder, name) };
  };
  const provider = { id: "house", clientId: "us", clientSecret: "canary-house", issuer: "http://127.0.0.1:9" };
  return {
    ...inFile("METRICS_TOKEN", "canary-metrics"),
    ...inFile("GOOGLE_CLIENT_SECRET", "canary-google"),
    GITHUB_CLIENT_SECRET: "canary-github",
    OAUTH_PROVIDERS: JSON.stringify([provider]),
    SERVICE_JWT_SECRET: "canary-service-1-canary-service-1",
    AUTH_SECRET: "canary-auth-1-canary-auth-1-canary-1",
    LOG_LEVEL: "info",
  };
}

test("start:workers: wrangler lists every secret by name and none by value, and the Workers have them", async () => {
  const system = await startSystem({ runtime: "workerd", env: canaries() });
  onTestFinished(() => system.stop());
  const statusWith = async (token: string) => {
    const answer = await fetch(`${system.url}/auth/metrics`, { headers: { authorization: `Bearer ${token}` } });
    return answer.status;
  };
  expect([await statusWith("canary-metrics"), await statusWith("another")]).toEqual([200, 401]);
  // One that is configured cannot be reached; one that is not is not there.
  const loginWith = async (provider: string) =>
    (await fetch(`${system.url}/auth/oauth/${provider}`, { redirect: "manual" })).status;
  expect([(await loginWith("house")) === 404, await loginWith("nobody")]).toEqual([false, 404]);
  const output = system.output();
  for (const name of ["METRICS_TOKEN", "OAUTH_PROVIDERS", "GOOGLE_CLIENT_SECRET", "GITHUB_CLIENT_SECRET"]) {
    expect(output).toMatch(new RegExp(`${name} \\("\\(hidden\\)"\\)`));
  }
  expect(output).not.toContain("canary");
});

test.each([
  ["doctor", ["packages/host/bin/trivet.mjs", "doctor"]],
  ["deploy --dry-run", ["packages/deploy/bin/deploy.ts", "--dry-run"]],
])(
  "%s: says the value of no secret",
  async (_, args) => {
    const { PATH = "", HOME = "" } = process.env;
    const { DATABASE_URL = "" } = process.env;
    const env = { PATH, HOME, NO_COLOR: "1", ...(DATABASE_URL && { DATABASE_URL }), ...canaries() };
    const ended = await promisify(execFile)(process.execPath, args, { cwd: root, env }).catch(
      (error: unknown) => error,
    );
    const { stdout, stderr } = Object(ended);
    expect(stdout).not.toBe("");
    expect(`${stdout}${stderr}`).not.toContain("canary");
    // The dry run bundles and starts every Worker.
  },
  180_000,
);
