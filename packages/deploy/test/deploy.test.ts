import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { deploy } from "../src/deploy.ts";
import { readEnvRules } from "../src/env-rules.ts";
import { readManifests } from "../src/manifests.ts";
import { createMissing, resourcesOf } from "../src/resources.ts";
import { settingsFrom } from "../src/settings.ts";
import { startCloudflareApi } from "./cloudflare-api.ts";

const head = (name: string) =>
  `name = "trivet-${name}"\nmain = "src/worker.ts"\ncompatibility_date = "2026-10-01"\nworkers_dev = false\n`;
const vars = '[vars]\nTRIVET_ENV = "development"\nPUBLIC_URL = "http://localhost:8787"\n';
const bound = (...names: string[]) =>
  names.map((name) => `[[services]]\nbinding = "${name.toUpperCase()}"\nservice = "trivet-${name}"\n`).join("");

/** A repository of a router and two services that need each other. */
function repository(): string {
  const root = mkdtempSync(join(tmpdir(), "trivet-deploy-test-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const worker = "export default { fetch: () => new Response() };";
  const knowing = `export default {
    fetch: () => new Response(),
    [Symbol.for("trivet.optionalSecrets")]: ["CLIENT_SECRET", "PROVIDERS"],
  };`;
  write("wrangler.toml", head("router") + vars + bound("auth", "users"));
  write("src/worker.ts", worker);
  write("workers/auth/wrangler.toml", `${head("auth") + vars}[secrets]\nrequired = ["AUTH_SECRET"]\n${bound("users")}`);
  write("workers/auth/src/worker.ts", knowing);
  write("workers/users/wrangler.toml", head("users") + vars + bound("auth"));
  write("workers/users/src/worker.ts", worker);
  return root;
}

describe("a deployment", { timeout: 120_000 }, () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  /** What is uploaded, and printed, where these Workers are already. Most of the time is wrangler's, a start for each upload. */
  const deployTo = async (existing: string[], more: Record<string, string> = {}) => {
    const api = await startCloudflareApi(existing);
    onTestFinished(() => api.close());
    const root = repository();
    writeFileSync(join(root, "providers.json"), "[canary-of-providers]\n");
    const env = { ...api.env, PUBLIC_URL: "https://trivet.test", AUTH_SECRET: secret, ...more };
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    let output = "";
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      output += text;
      return true;
    });
    await deploy(root, readManifests(root));
    return { uploads: api.uploads, output };
  };
  const secret = "canary-of-auth-canary-of-auth-canary";
  const production = { TRIVET_ENV: "production", PUBLIC_URL: "https://trivet.test" };
  const auth = { ...production, AUTH_SECRET: `secret ${secret}`, USERS: "worker trivet-users" };
  const users = { ...production, AUTH: "worker trivet-auth" };
  const router = { ...production, AUTH: "worker trivet-auth", USERS: "worker trivet-users" };

  test("of everything for the first time binds nobody to a Worker that is not there yet, and ends whole", async () => {
    expect((await deployTo([])).uploads).toEqual([
      { name: "trivet-users", bindings: production },
      { name: "trivet-auth", bindings: auth },
      { name: "trivet-users", bindings: users },
      { name: "trivet-router", bindings: router },
    ]);
  });

  test("of what is there already deploys each Worker once; secrets, also those that nobody requires, are printed nowhere and of nobody else", async () => {
    const more = { CLIENT_SECRET: "canary-of-a-client", PROVIDERS_FILE: "providers.json" };
    const { uploads, output } = await deployTo(["trivet-router", "trivet-auth", "trivet-users"], more);
    const optional = { CLIENT_SECRET: "secret canary-of-a-client", PROVIDERS: "secret [canary-of-providers]" };
    expect(uploads).toEqual([
      { name: "trivet-users", bindings: users },
      { name: "trivet-auth", bindings: { ...auth, ...optional } },
      { name: "trivet-router", bindings: router },
    ]);
    // wrangler lists the bindings: the names are there.
    expect(output).toMatch(/CLIENT_SECRET \("\(hidden\)"\)/);
    expect(output).not.toContain("canary");
  });
});

describe("the secrets of a deployment", () => {
  const settingsOf = async (root: string, env: Record<string, string>) => {
    const manifests = readManifests(root);
    const given = { PUBLIC_URL: "https://trivet.test", ...env };
    return settingsFrom(root, given, manifests, await readEnvRules(manifests));
  };

  test("that are empty or not given stay as they are on Cloudflare", async () => {
    const { secrets } = await settingsOf(repository(), { CLIENT_SECRET: "" });
    expect(secrets["trivet-auth"]).toEqual({});
  });

  test("that are weak, given twice or in a file that is not there are refused together, without their values", async () => {
    const root = repository();
    const refused = settingsOf(root, {
      AUTH_SECRET: "canary-changeme",
      CLIENT_SECRET: "canary",
      CLIENT_SECRET_FILE: "x",
      // Relative to the root, wherever the command is run.
      PROVIDERS_FILE: "gone",
    });
    await expect(refused).rejects.toThrow(
      /^CLIENT_SECRET and CLIENT_SECRET_FILE are both set.*\nPROVIDERS_FILE names gone, .*\nAUTH_SECRET is no secret/,
    );
    await expect(refused).rejects.not.toThrow(/canary/);
  });

  test("may not stand in [vars], where they would be in the clear", async () => {
    const root = repository();
    const file = join(root, "workers/auth/wrangler.toml");
    writeFileSync(file, `${head("auth") + vars}CLIENT_SECRET = ""\n`);
    await expect(readEnvRules(readManifests(root))).rejects.toThrow(
      "trivet-auth: [vars] holds CLIENT_SECRET, which is a secret; take it out.",
    );
  });

  test("no variable of this repository is called a secret and stands in [vars]", () => {
    const names = readManifests(join(import.meta.dirname, "../../.."))
      .flatMap(({ config }) => Object.keys(config.vars))
      .filter((name) => /SECRET|TOKEN|PASSWORD|PRIVATE|CREDENTIALS?$|KEY$/.test(name));
    // A number of tries, and what a hash costs: no credential.
    expect(names).toEqual(["RATE_LIMIT_CREDENTIALS", "PASSWORD_COST"]);
  });
});

describe("queues and buckets", { timeout: 120_000 }, () => {
  afterEach(() => vi.unstubAllEnvs());

  const bindings = `[[queues.producers]]
binding = "MAIL"
queue = "trivet-mail"
[[queues.consumers]]
queue = "trivet-mail"
dead_letter_queue = "trivet-mail-dead"
[[queues.consumers]]
queue = "trivet-taken"
[[r2_buckets]]
binding = "FILES"
bucket_name = "trivet-files"
[[r2_buckets]]
binding = "OLD"
bucket_name = "trivet-old"
`;

  test("that a manifest names are created once, before anything is bound to them, where they are missing", async () => {
    const root = repository();
    writeFileSync(join(root, "workers/users/wrangler.toml"), head("users") + vars + bindings);
    const manifests = readManifests(root);
    expect(resourcesOf(manifests).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "queue trivet-mail",
      "queue trivet-mail-dead",
      "queue trivet-taken",
      "bucket trivet-files",
      "bucket trivet-old",
    ]);
    const api = await startCloudflareApi([], { queue: ["trivet-mail"], bucket: ["trivet-old", "trivet-files-2"] });
    onTestFinished(() => api.close());
    for (const [name, value] of Object.entries(api.env)) vi.stubEnv(name, value);
    await createMissing(root, resourcesOf(manifests));
    // The one that is taken was not on the list.
    expect(api.created).toEqual(["trivet-mail-dead", "trivet-files"]);
  });

  test("that cannot be created end the deployment with Cloudflare's words", async () => {
    const root = repository();
    writeFileSync(join(root, "workers/users/wrangler.toml"), head("users") + vars + bindings);
    vi.stubEnv("CLOUDFLARE_API_BASE_URL", "http://127.0.0.1:1");
    vi.stubEnv("CLOUDFLARE_API_TOKEN", "a-token-of-nobody");
    vi.stubEnv("CLOUDFLARE_ACCOUNT_ID", "0123456789abcdef0123456789abcdef");
    await expect(createMissing(root, resourcesOf(readManifests(root)))).rejects.toThrow(
      /^Cloudflare cannot be asked for its queues:\n/,
    );
  });
});

describe("the settings of a deployment", () => {
  const withDatabase = () => {
    const root = repository();
    const file = join(root, "workers/users/wrangler.toml");
    const database = '[[hyperdrive]]\nbinding = "DB"\nid = "00000000000000000000000000000000"\n';
    writeFileSync(file, head("users") + vars + database);
    return readManifests(root);
  };

  test("that are missing are all named at once, with the command that makes the Hyperdrive id", () => {
    expect(() => settingsFrom("/", {}, withDatabase(), new Map())).toThrow(
      /^DATABASE_URL is not set.*\nPUBLIC_URL is not set.*\nHYPERDRIVE_ID_USERS is not set: run `wrangler hyperdrive create trivet-users/,
    );
  });

  test("are held to what the Workers of this repository take; what is on Cloudflare or bound there is not missed", async () => {
    const root = join(import.meta.dirname, "../../..");
    const manifests = readManifests(root);
    const rules = await readEnvRules(manifests);
    const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const ids = manifests.map(({ service }) => [`HYPERDRIVE_ID_${service.toUpperCase()}`, "1"]);
    const given = { DATABASE_URL: "postgres://h/d", PUBLIC_URL: "https://trivet.test", ...Object.fromEntries(ids) };
    const settingsWith = (env: Record<string, string>) => settingsFrom(root, { ...given, ...env }, manifests, rules);
    expect(settingsWith({}).secrets["trivet-auth"]).toEqual({});
    expect(settingsWith({ AUTH_KEY: `${key},${key}=` }).secrets["trivet-users"]).toEqual({
      AUTH_KEY: `${key},${key}=`,
    });
    const slips = { AUTH_KEY: `${key}canary`, USERS_KEY: `${key};${key}`, AUTH_SECRET: "canary", LOG_LEVEL: "canary" };
    const deployed = () => settingsWith(slips);
    for (const sentence of [
      /^LOG_LEVEL /m,
      /^AUTH_KEY must be keys of 32 random bytes in base64, separated by commas; make one with .*\.$/m,
      /^USERS_KEY must be keys of 32 random bytes/m,
      /^AUTH_SECRET is no secret: /m,
      // Each once, however many Workers have it.
      /^(?:.*\n){3}.*$/,
    ]) {
      expect(deployed).toThrow(sentence);
    }
    expect(deployed).not.toThrow(/canary/);
  });

  test("that are missing end the command with 78 and nothing but their sentences", () => {
    const bin = join(import.meta.dirname, "../bin/deploy.ts");
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin], {
      env: { PATH: process.env.PATH },
      encoding: "utf8",
    });
    expect({ status, stdout }).toEqual({ status: 78, stdout: "" });
    expect(stderr).toMatch(/^(?:(?:DATABASE_URL|PUBLIC_URL|HYPERDRIVE_ID_[A-Z]+) is not set.*\n)+$/);
  });

  test("never make an unsafe address or a development environment of a deployed router", () => {
    const given = { DATABASE_URL: "postgres://x", HYPERDRIVE_ID_USERS: "1a", PUBLIC_URL: "http://trivet.test" };
    expect(() => settingsFrom("/", given, withDatabase(), new Map())).toThrow(/^PUBLIC_URL is not set to the https/);
    const settings = settingsFrom("/", { ...given, PUBLIC_URL: "https://trivet.test" }, withDatabase(), new Map());
    expect(settings.vars["trivet-router"]).toEqual({ TRIVET_ENV: "production", PUBLIC_URL: "https://trivet.test" });
    expect(settings.hyperdrive["trivet-users"]).toEqual({ DB: "1a" });
    const safe = { ...given, PUBLIC_URL: "https://trivet.test" };
    for (const TRIVET_ENV of ["development", "staging"]) {
      expect(() => settingsFrom("/", { ...safe, TRIVET_ENV }, withDatabase(), new Map())).toThrow(
        /^TRIVET_ENV is not production/,
      );
    }
    for (const TRIVET_ENV of ["production", ""]) {
      const { vars } = settingsFrom("/", { ...safe, TRIVET_ENV }, withDatabase(), new Map());
      expect(vars["trivet-router"]?.TRIVET_ENV).toBe("production");
    }
  });
});
