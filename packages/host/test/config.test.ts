import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { whileLocked } from "../src/config/file-lock.ts";
import { developmentSecrets, openSource, readVariables } from "../src/config/index.ts";
import { startHost } from "../src/index.ts";
import { readManifests } from "../src/manifest/index.ts";
import { readPort } from "../src/settings.ts";
import { run, runtimes } from "./fixtures/process.ts";
import { helloWorker, toml, writeRoot } from "./fixtures/root.ts";

const service = (rest: string): Record<string, string> => ({
  "workers/users/wrangler.toml": toml("users", rest),
  "workers/users/worker.mjs": helloWorker,
});

async function variablesOf(files: Record<string, string>, env: Record<string, string> = {}) {
  const root = writeRoot(files);
  const source = openSource(root, env);
  const { environment, of, faults } = await readVariables(root, source, readManifests(root).manifests);
  return { environment, values: of.get("users"), faults: [...faults.values()] };
}

const strong = "k7Qz1mB4xW9pT2rV6yN8sD3fG5hJ0aLc";

describe("variables", () => {
  test("the environment wins over .env, .env over a file's default", async () => {
    const files = { ...service('[vars]\nA = "preset"\nB = "preset"\nC = "preset"\n'), ".env": "A=dotenv\nB=dotenv\n" };
    expect((await variablesOf(files, { A: "process" })).values).toEqual({ A: "process", B: "dotenv", C: "preset" });
  });

  test("NAME_FILE gives the content of a file without its last newline", async () => {
    const files = { ...service('[vars]\nA = ""\nB = ""\n'), "a.txt": "from a file\n", ".env": "B_FILE=a.txt\n" };
    expect((await variablesOf(files, { A_FILE: "a.txt" })).values).toEqual({ A: "from a file", B: "from a file" });
  });

  test("NAME and NAME_FILE together, or a file that is not there, are faults", async () => {
    const { faults } = await variablesOf(service('[vars]\nA = ""\nB = ""\n'), { A: "x", A_FILE: "y", B_FILE: "gone" });
    expect(faults).toEqual([
      "A and A_FILE are both set in the environment; keep one",
      "B_FILE names gone, which cannot be read (ENOENT)",
    ]);
  });

  test("a line of .env that is none, and a name that is nearly one that is read, are faults; the environment is not ours", async () => {
    const text =
      'A=1\n# a remark\nnonsense hunter2\n\nexport B="two\nlines"\nC="open\nRATE_LIMIT_USERS=5\nPROT=1\nOTHER=1\n';
    const root = writeRoot({ ...service('[vars]\nRATE_LIMIT_USER = 1\nA = ""\nB = ""\nC = ""\n'), ".env": text });
    await expect(startHost({ root, env: { LOG_LEVELS: "x" }, port: 0, logs: false })).rejects.toMatchObject({
      faults: [
        ".env: line 3 is none of NAME=value; write it as one, put # before it, or take it out",
        "PROT in .env is read by nothing: rename it to PORT, or take it out",
        "RATE_LIMIT_USERS in .env is read by nothing: rename it to RATE_LIMIT_USER, or take it out",
      ],
    });
  });

  test("a service receives the names in its own manifest and nothing beside", async () => {
    const files = service('[vars]\nA = "1"\n');
    expect((await variablesOf(files, { HOME: "/root", OTHER_SECRET: strong })).values).toEqual({ A: "1" });
  });

  test("a default that is no string keeps its kind", async () => {
    const files = service("[vars]\nN = 5\nON = false\nLIST = [1]\n");
    expect((await variablesOf(files, { N: "7", ON: "true" })).values).toEqual({ N: 7, ON: true, LIST: [1] });
    expect((await variablesOf(files, { N: "seven", LIST: "{}" })).faults).toHaveLength(2);
  });

  test("TRIVET_ENV is what the rules are, also when NODE_ENV says it", async () => {
    const files = service('[vars]\nTRIVET_ENV = "development"\n');
    expect((await variablesOf(files, { NODE_ENV: "production" })).values).toEqual({ TRIVET_ENV: "production" });
    const { environment, faults } = await variablesOf(files, { TRIVET_ENV: "prod" });
    expect(environment).toBe("production");
    expect(faults).toEqual(['TRIVET_ENV is "prod"; it must be one of development, production']);
  });
});

describe("PUBLIC_URL", () => {
  const files = {
    "wrangler.toml": toml(
      "router",
      '[dev]\nport = 8787\n[vars]\nPUBLIC_URL = "http://localhost:8787"\n[[services]]\nbinding = "USERS"\nservice = "users"\n',
    ),
    "worker.mjs": helloWorker,
    ...service('[vars]\nPUBLIC_URL = "http://localhost:8787"\n'),
  };
  const urlAt = async (port: number | undefined, env: Record<string, string>, more: Record<string, string> = {}) => {
    const root = writeRoot({ ...files, ...more });
    const { of, faults } = await readVariables(root, openSource(root, env), readManifests(root).manifests, port);
    return { urls: [...of.values()].map(({ PUBLIC_URL }) => PUBLIC_URL), faults: [...faults.values()] };
  };

  test("follows the router to its port, for every service, unless it is set", async () => {
    const followed = "http://localhost:8790";
    expect((await urlAt(8790, {})).urls).toEqual([followed, followed]);
    expect((await urlAt(undefined, {})).urls[1]).toBe("http://localhost:8787");
    expect((await urlAt(8790, {}, { ".env": "PUBLIC_URL=http://dev.test" })).urls[1]).toBe("http://dev.test");
    const own = { "workers/users/wrangler.toml": toml("users", '[vars]\nPUBLIC_URL = "http://dev.test"\n') };
    expect((await urlAt(8790, {}, own)).urls).toEqual([followed, "http://dev.test"]);
  });

  test("follows it to no port that there cannot be: that is a fault of PORT, and of nothing else", async () => {
    const port = readPort(openSource(writeRoot(files), { PORT: "65536" }));
    expect((await urlAt(port, {})).urls).toEqual(["http://localhost:8787", "http://localhost:8787"]);
  });

  test("stays where a service that the router leads to runs elsewhere, for both must name one issuer", async () => {
    const root = writeRoot(files);
    const alone = readManifests(root).manifests.filter(({ service: name }) => name === "router");
    const { of } = await readVariables(root, openSource(root, {}), alone, 8790);
    expect(of.get("router")).toEqual({ PUBLIC_URL: "http://localhost:8787" });
  });

  test.each([undefined, "http://localhost:8787", "http://127.0.0.1", "http://[::1]:1"])(
    "in production %s is a fault",
    async (value) => {
      const given: Record<string, string> = value === undefined ? {} : { PUBLIC_URL: value };
      expect((await urlAt(8790, { TRIVET_ENV: "production", ...given })).faults).toEqual([
        expect.stringMatching(/^PUBLIC_URL is .*: in production set it to/),
      ]);
    },
  );

  test("in production the address of a machine elsewhere is none", async () => {
    const { faults } = await urlAt(8790, { TRIVET_ENV: "production", PUBLIC_URL: "https://api.trivet.test" });
    expect(faults).toEqual([]);
  });
});

describe("secrets", () => {
  const files = service('[secrets]\nrequired = ["ONE", "TWO"]\n');

  test("production refuses each that is missing, short or a placeholder, by name", async () => {
    const faultsWith = async (env: Record<string, string>) =>
      (await variablesOf(files, { TRIVET_ENV: "production", ...env })).faults;
    expect(await faultsWith({ ONE: strong, TWO: `${strong}x` })).toEqual([]);
    expect(await faultsWith({ ONE: "" })).toEqual([
      expect.stringMatching(/^ONE is missing \(a secret of users\)/),
      expect.stringMatching(/^TWO is missing/),
    ]);
    expect(await faultsWith({ ONE: "changeme", TWO: "changeme-changeme-changeme-changeme" })).toEqual([
      expect.stringMatching(/^ONE is too short/),
      expect.stringMatching(/^TWO still holds a placeholder/),
    ]);
  });

  test("one that is set is judged alike in development", async () => {
    const { faults } = await variablesOf(files, { ONE: "short", TWO: strong });
    expect(faults).toEqual([expect.stringMatching(/^ONE is too short to be a secret \(a secret of users\)/)]);
  });

  test("no fault repeats the value of a secret", async () => {
    const { faults } = await variablesOf(files, {
      TRIVET_ENV: "production",
      ONE: "hunter2",
      TWO: "change-me-hunter2-hunter2-hunter2-hunter2",
    });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain("hunter2");
  });

  test("elsewhere they are made once, for the owner's eyes, and kept", async () => {
    const root = writeRoot({});
    const first = await developmentSecrets(root, ["ONE"]);
    expect(first.ONE?.length).toBeGreaterThanOrEqual(32);
    expect(await developmentSecrets(root, ["TWO", "ONE"])).toMatchObject(first);
    const file = join(root, ".trivet/secrets.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Object.keys(JSON.parse(readFileSync(file, "utf8")))).toEqual(["ONE", "TWO"]);
  });

  test("processes that start at once agree", async () => {
    const root = writeRoot({});
    const names = ["ONE", "TWO", "THREE"];
    const outputs = await Promise.all(
      [...runtimes, ...runtimes, ...runtimes].map(async (runtime, index) => {
        const { exit, output } = run(runtime, "secrets-main.ts", [root, ...names.slice(index % 3)]);
        expect(await exit).toBe(0);
        return JSON.parse(output());
      }),
    );
    const kept = await developmentSecrets(root, names);
    for (const seen of outputs) expect(kept).toMatchObject(seen);
  });

  test.each([
    [
      "the folder is a file",
      { ".trivet": "" },
      /\.trivet must be a folder that this user may read and write \(ENOTDIR/,
    ],
    ["the file is a folder", { ".trivet/secrets.json/x": "" }, /must be a folder .* \(EISDIR/],
    ["it is no JSON", { ".trivet/secrets.json": "{" }, /secrets\.json is damaged: it must be a JSON object of strings/],
    ["it is other JSON", { ".trivet/secrets.json": "[1]" }, /secrets\.json is damaged/],
  ])("one sentence where %s", async (_, files, sentence) => {
    const refused = developmentSecrets(writeRoot(files), ["ONE"]);
    await expect(refused).rejects.toMatchObject({
      name: "ConfigurationError",
      faults: [expect.stringMatching(sentence)],
    });
  });

  test("that cannot be read are told once, and hide nothing else that is wrong", async () => {
    const root = writeRoot({ ...files, ".trivet/secrets.json": "{", ".env": "TRIVET_EN=x\n" });
    const refused = startHost({ root, env: { LOG_LEVEL: "loud" }, port: 0, logs: false });
    await expect(refused).rejects.toMatchObject({
      name: "ConfigurationError",
      faults: [
        expect.stringMatching(/secrets\.json is damaged/),
        expect.stringMatching(/^LOG_LEVEL /),
        expect.stringMatching(/^TRIVET_EN in \.env is read by nothing: rename it to TRIVET_ENV/),
      ],
    });
  });

  const isRoot = process.getuid?.() === 0;
  const anothers = `one sentence where the file or the folder is another user's${isRoot ? "" : ": only root can be another"}`;
  test.skipIf(!isRoot)(anothers, async () => {
    const root = writeRoot({ ".trivet/secrets.json": "{}" });
    chmodSync(root, 0o755);
    const file = join(root, ".trivet/secrets.json");
    for (const path of [file, join(root, ".trivet")]) {
      chmodSync(file, 0o644);
      chmodSync(path, 0o600);
      const script = `import("${join(import.meta.dirname, "../src/config/development-secrets.ts")}")
        .then((m) => m.developmentSecrets(${JSON.stringify(root)}, ["ONE"])).catch((e) => console.log(e.name, e.faults))`;
      const asNobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", process.execPath, "-e", script];
      const { stdout } = spawnSync("setpriv", asNobody, { encoding: "utf8" });
      expect(stdout).toMatch(
        /^ConfigurationError \[\s+'.*must be a folder that this user may read and write \(EACCES at/,
      );
    }
  });

  test("a lock is removed once, so that it is never the next holder's", async () => {
    const lock = join(writeRoot({ lock: "" }), "lock");
    utimesSync(lock, 0, 0);
    let inside = 0;
    let most = 0;
    const turn = () =>
      whileLocked(lock, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 20 }, turn));
    expect(most).toBe(1);
    expect(existsSync(lock)).toBe(false);
  });

  test("whoever held a lock for too long leaves that of who came after", async () => {
    const lock = join(writeRoot({}), "lock");
    const { promise: overtaken, resolve: overtake } = Promise.withResolvers<void>();
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
    onTestFinished(() => void vi.useRealTimers());
    const slow = whileLocked(lock, async () => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 6_000 });
      overtake();
      await finished;
    });
    await overtaken;
    await whileLocked(lock, async () => {
      finish();
      await slow;
      expect(existsSync(lock)).toBe(true);
    });
    expect(existsSync(lock)).toBe(false);
  });

  test("the lock of a process that was killed does not hold up the next", async () => {
    const root = writeRoot({ ".trivet/secrets.json.lock": "" });
    utimesSync(join(root, ".trivet/secrets.json.lock"), 0, 0);
    expect(Object.keys(await developmentSecrets(root, ["ONE"]))).toEqual(["ONE"]);
  });
});
