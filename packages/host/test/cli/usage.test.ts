import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { trivet } from "./command.ts";
import { makeProject } from "./fixture.ts";

describe("trivet", () => {
  test.each([
    [[], ["start", "dev", "migrate", "doctor"]],
    [["--help"], ["start", "dev", "migrate", "doctor"]],
    [
      ["start", "--help"],
      ["SERVICES", "--bun", "--workers", "--port", "--processes", "--no-migrate"],
    ],
    [
      ["migrate", "down", "--help"],
      ["USAGE trivet migrate down", "--service", "--steps", "--yes"],
    ],
  ])("%j: 0, and says what there is", async (args, words) => {
    const { code, stdout } = await trivet("/", args);
    expect(code).toBe(0);
    for (const word of words) expect(stdout).toContain(word);
    expect(stdout).not.toContain("\u001b");
  });

  test.each([
    [["strat"], "There is no command strat."],
    [["start", "--worker"], "There is no option --worker."],
    [["migrate", "sideways"], "There is no command sideways."],
    [["migrate", "down"], "migrate down needs --service <name>."],
    [["migrate", "down", "--steps=2", "--service="], "migrate down needs --service <name>."],
    [["migrate", "down", "--service", "--steps"], "migrate down needs --service <name>."],
    [["migrate", "up", "--service"], "migrate up needs --service <name>."],
    [["start", "--port="], "start needs --port <number>."],
    [["start", "--no-port"], "There is no option --no-port."],
    [["doctor", "extra"], "doctor has no use for extra."],
    [["cron", "run"], "cron run needs <service> <cron>."],
    [["cron", "run", "auth"], "cron run needs <cron>."],
    [["cron", "run", "auth", "*", "*"], "cron run has no use for *."],
    [["new"], "new needs <service>."],
    [["new", "notes", "more"], "new has no use for more."],
  ])("%j: 64, and a sentence", async (args, sentence) => {
    const { code, stderr } = await trivet("/", args);
    expect({ code, stderr }).toEqual({ code: 64, stderr: `${sentence} See: trivet --help\n` });
  });
});

test("trivet --version: that of the package", async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  expect(await trivet("/", ["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

describe("trivet start, when it cannot", () => {
  test("78: a wrong configuration is told whole, in one message", async () => {
    const { folder } = await makeProject();
    writeFileSync(join(folder, ".env"), "TRIVET_ENV=production\nPORT=many\nDATABASE_URL=mysql://elsewhere\n");
    const { code, stderr } = await trivet(folder, ["start", "--no-migrate"]);
    expect(code).toBe(78);
    for (const fault of ["SERVICE_JWT_SECRET is missing", 'PORT is "many"', "DATABASE_URL is not a URL like"]) {
      expect(stderr).toContain(fault);
    }
  });

  test("78: before anything is made of the database", async () => {
    const { folder } = await makeProject();
    const { code, stderr } = await trivet(folder, ["start"], { LOG_LEVEL: "loud" });
    expect({ code, faults: stderr.split("\n").length - 2 }).toEqual({ code: 78, faults: 1 });
    expect(existsSync(join(folder, ".trivet/postgres"))).toBe(false);
    // The database is not asked for either.
    const elsewhere = await trivet(folder, ["start"], {
      LOG_LEVEL: "loud",
      DATABASE_URL: "postgres://x@127.0.0.1:1/x",
    });
    expect(elsewhere).toEqual({ code: 78, stdout: "", stderr });
  });

  test.each([
    ["HOST", "nosuch.invalid", []],
    ["HOST", "192.0.2.1", []],
    ["HOST", "192.0.2.1", ["--bun"]],
    ["LOG_DIR", "/dev/null/logs", []],
    // There a recursive mkdir never ends.
    ["LOG_DIR", "/proc/nope", []],
  ])("78: %s=%s is told by name, in one sentence", async (name, value, flags) => {
    const { folder } = await makeProject();
    const { code, stderr } = await trivet(folder, ["start", ...flags], { [name]: value });
    expect(code).toBe(78);
    expect(stderr).toMatch(new RegExp(`^The configuration has a fault:\n  - ${name} is "${value}", which is no .*\n$`));
  });

  const isRoot = process.getuid?.() === 0 && process.platform === "linux";
  test.skipIf(!isRoot)(`a port that only root may open${isRoot ? "" : ": only root, on Linux, can be nobody"}`, () => {
    const listen = join(import.meta.dirname, "../../src/server/listen.node.ts");
    const script = `import("${listen}").then((m) => m.probePort("127.0.0.1", 81)).catch((e) => console.log(e.name, e.faults))`;
    const asNobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", process.execPath, "-e", script];
    const { stdout } = spawnSync("setpriv", asNobody, { encoding: "utf8" });
    expect(stdout).toContain("ConfigurationError");
    expect(stdout).toContain("PORT is 81, which this user may not open");
  });

  test("78: an unknown service is answered with the known ones", async () => {
    const { folder } = await makeProject();
    const { code, stderr } = await trivet(folder, ["start", "nobody"]);
    expect(code).toBe(78);
    expect(stderr).toContain("There is no service nobody; there are router, auth, users");
  });

  test.each([
    ["node", []],
    ["workerd", ["--workers"]],
  ])(
    "1: on %s a taken port is one sentence that names the command, told before a database is made",
    async (_, flags) => {
      const { folder, ports } = await makeProject();
      const squatter = createServer().listen(ports.router, "127.0.0.1");
      await once(squatter, "listening");
      onTestFinished(() => void squatter.close());
      const { code, stderr } = await trivet(folder, ["start", ...flags]);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        new RegExp(`^Port ${ports.router} is already taken by process ${process.pid} \\(\\S*node .*\\n$`),
      );
      expect(existsSync(join(folder, ".trivet/postgres"))).toBe(false);
    },
  );

  test.each([[["start"]], [["migrate", "up"]]])(
    "1: %j names the variable of a database that cannot be reached, and where it leads, without its password",
    async (args) => {
      const { folder } = await makeProject();
      const { code, stderr } = await trivet(folder, args, {
        DATABASE_URL: "postgres://somebody:canary-password@127.0.0.1:1/trivet",
      });
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr:
          "DATABASE_URL leads to the database trivet at 127.0.0.1:1, where nothing answers (ECONNREFUSED): start the server, or correct the address.\n",
      });
    },
  );

  test("78: trivet dev checks the configuration before it makes a database", async () => {
    const { folder } = await makeProject();
    const { code, stderr } = await trivet(folder, ["dev"], { LOG_LEVEL: "loud" });
    expect({ code, faults: stderr.split("\n").length - 2 }).toEqual({ code: 78, faults: 1 });
    expect(existsSync(join(folder, ".trivet/postgres"))).toBe(false);
  });

  test.each([
    [["start", "--port=http"], "--port=http is not a port; it must be a whole number from 0 to 65535."],
    [["dev", "--port", "70000"], "--port=70000 is not a port; it must be a whole number from 0 to 65535."],
    [["start", "--port", "-1"], "--port=-1 is not a port; it must be a whole number from 0 to 65535."],
    [["start", "--workers", "3"], "--workers runs the system on workerd; for 3 processes say --processes=3."],
    [["start", "--processes=0"], "--processes=0 is not a number of processes; it must be "],
    [["migrate", "down", "--service=users", "--steps", "-1"], "--steps=-1 is not a number of migrations"],
  ])("64: %j is refused", async (args, sentence) => {
    const { folder } = await makeProject();
    const { code, stderr } = await trivet(folder, args);
    expect(code).toBe(64);
    expect(stderr.startsWith(sentence)).toBe(true);
  });
});

describe("trivet doctor", () => {
  test("78: tells what a service itself finds wrong, what nobody answers at, and what to do", async () => {
    const { folder } = await makeProject();
    const { code, stdout } = await trivet(folder, ["doctor"], {
      EDITION: "none",
      DATABASE_URL: "postgres://somebody:canary-password@127.0.0.1:1/trivet",
    });
    expect(code).toBe(78);
    expect(stdout).toMatch(/^fail {2}variables +users: EDITION is "none"; it must be another$/m);
    expect(stdout).toMatch(/^fail {2}database +DATABASE_URL: .*ECONNREFUSED.*\n +-> Start the server it leads to/m);
    expect(stdout).toMatch(/^\d+ ok, \d+ to look at, 2 to mend$/m);
    expect(stdout).not.toContain("canary-password");
  });

  test("1: each server beside the database that is down, and how to mend it; the folder and the crons are well", async () => {
    const { folder } = await makeProject();
    const manifest = join(folder, "workers/users/wrangler.toml");
    const more = '[[r2_buckets]]\nbinding = "FILES"\nbucket_name = "files"\n';
    writeFileSync(manifest, `${readFileSync(manifest, "utf8")}${more}`);
    const { code, stdout } = await trivet(folder, ["doctor"], {
      NATS_URL: "nats://me:canary@127.0.0.1:1",
      REDIS_URL: "redis://me:canary@127.0.0.1:1",
      S3_ENDPOINT: "http://127.0.0.1:1",
      S3_ACCESS_KEY_ID: "canary",
      S3_SECRET_ACCESS_KEY: "canary",
    });
    expect(stdout).toMatch(/^ok {4}data folder +\S+\.trivet: /m);
    expect(stdout).toMatch(/^fail {2}queues +NATS at 127\.0\.0\.1:1: .*\n +-> Start the server with JetStream/m);
    expect(stdout).toMatch(
      /^fail {2}Redis +REDIS_URL, at 127\.0\.0\.1:1: .*\n +-> Start the server, correct REDIS_URL/m,
    );
    expect(stdout).toMatch(/^fail {2}bucket files +127\.0\.0\.1:1: .*\n +-> Make the bucket/m);
    expect(stdout).toMatch(/, 3 to mend$/m);
    expect(stdout).not.toContain("canary");
    expect(code).toBe(1);
  });
});
