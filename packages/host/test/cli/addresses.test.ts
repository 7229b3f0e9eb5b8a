import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { addressesFaults } from "../../src/addresses.ts";
import { openSource } from "../../src/config/index.ts";
import { readManifests } from "../../src/manifest/index.ts";
import { readNatsSettings } from "../../src/queues/index.ts";
import { trivet } from "./command.ts";
import { makeProject } from "./fixture.ts";

const key = { S3_ACCESS_KEY_ID: "canary", S3_SECRET_ACCESS_KEY: "canary" };

/** What is set, and how the one fault begins. */
const faulty: [Record<string, string>, string][] = [
  [{ NATS_URL: "http://canary" }, "NATS_URL is not a URL like nats://user:password@host:4222"],
  [{ NATS_URL: "canary:4222" }, "NATS_URL is not a URL like nats://"],
  [{ NATS_URL: "nats://a:4222,canary" }, "NATS_URL is not a URL like nats://"],
  [{ NATS_URL: "nats://" }, "NATS_URL is not a URL like nats://"],
  [{ NATS_PREFIX: "a.b" }, 'NATS_PREFIX is "a.b"; it must be letters'],
  [{ REDIS_URL: "http://canary" }, "REDIS_URL is not a URL like redis://user:password@host:6379/0"],
  [{ REDIS_URL: "redis://:canary@host/database" }, "REDIS_URL is not a URL like redis://"],
  [{ UPSTASH_REDIS_REST_URL: "redis://canary", UPSTASH_REDIS_REST_TOKEN: "canary" }, "UPSTASH_REDIS_REST_URL is not"],
  [{ UPSTASH_REDIS_REST_URL: "https://x.test" }, "UPSTASH_REDIS_REST_TOKEN is missing"],
  [{ UPSTASH_REDIS_REST_TOKEN: "canary" }, "UPSTASH_REDIS_REST_URL is missing"],
  [{ ...key, S3_ENDPOINT: "ftp://canary" }, "S3_ENDPOINT is not a URL like https://s3.example.com: correct it"],
  [{ ...key, S3_ENDPOINT: "canary" }, "S3_ENDPOINT is not a URL like"],
  [{ S3_ENDPOINT: "https://s3.test", S3_ACCESS_KEY_ID: "canary" }, "S3_SECRET_ACCESS_KEY is missing"],
  [{ S3_ENDPOINT: "https://s3.test", S3_SECRET_ACCESS_KEY: "canary" }, "S3_ACCESS_KEY_ID is missing"],
  [key, "S3_ENDPOINT is missing: set it beside S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or take them out"],
  [{ ...key, S3_ENDPOINT: "https://s3.test", S3_ADDRESSING: "host" }, 'S3_ADDRESSING is "host"; it must be path'],
  [{ DATABASE_URL: "mysql://canary" }, "DATABASE_URL is not a URL like postgres://"],
  [{ DATABASE_URL_USERS: "canary" }, "DATABASE_URL_USERS is not a URL like postgres://"],
  [{ DATABASE_URL_HOST: "canary" }, "DATABASE_URL_HOST is not a URL like postgres://"],
  [
    { DATABASE_URL_USER: "postgres://canary" },
    "DATABASE_URL_USER is about a service user, which is not there: rename it to DATABASE_URL_USERS, or take it out",
  ],
  [{ DATABASE_URL_USER_FILE: "canary.txt" }, "DATABASE_URL_USER is about a service user"],
  [{ USERS_URL: "users:canary" }, "USERS_URL is not an address like http://users.internal:8001"],
  [{ USERS_URL: "http://me:canary@users:8001" }, "USERS_URL is not an address like http://users.internal:8001"],
  [{ USERS_URL: "http://users:8001,canary" }, "USERS_URL holds something that is not an address like http://users"],
  [{ USERS_URL: "http://users:8001," }, "USERS_URL holds something that is not an address like http://users.internal"],
  [
    { USERS_URL: "http://a:8001, http://b:8001, http://a:8001/" },
    "USERS_URL holds an address twice: name each replica",
  ],
  [
    { SERVICE_URL_TEMPLATE: "http://a.{service}:8001,http://a.{service}:8001" },
    "SERVICE_URL_TEMPLATE holds an address twice",
  ],
  [
    { DATABASE_URL_USRES: "postgres://canary" },
    "DATABASE_URL_USRES is about a service usres, which is not there: rename it to",
  ],
  [{ UATH_URL: "http://canary" }, "UATH_URL is about a service uath, which is not there: rename it to AUTH_URL"],
  [{ USER_URL: "http://canary" }, "USER_URL is about a service user, which is not there: rename it to USERS_URL"],
];

/** What anybody may have in the environment, what is right, and what is empty, as compose files pass it. */
const right: Record<string, string>[] = [
  { GITHUB_API_URL: "https://x", CI_URL: "x", BASE_URL: "x", APP_URL: "x", DATABASE_URL_UNPOOLED: "x" },
  { NATS_URL: "nats://a:4222, tls://u:p@b", REDIS_URL: "rediss://u:p@h:6379/1" },
  { NATS_URL: "", REDIS_URL: "", S3_ENDPOINT: "", S3_ACCESS_KEY_ID: "", DATABASE_URL_USER: "", USERS_URL: "" },
  { DATABASE_URL: "postgresql://h/d", DATABASE_URL_USERS: "postgres://h/d", DATABASE_URL_HOST: "postgres://h/d" },
  { ...key, S3_ENDPOINT: "http://127.0.0.1:9000", USERS_URL: "http://users:8001" },
  { USERS_URL: "http://users-1:8001, http://users-2:8001,https://users-3" },
  { SERVICE_URL_TEMPLATE: "http://{service}-1:{port},http://{service}-2:{port}" },
];

describe("addresses", () => {
  const folder = join(import.meta.dirname, "../fixtures/cli-project");
  const { manifests } = readManifests(folder);
  const faultsOf = (env: Record<string, string>) => addressesFaults(openSource(folder, env), manifests);

  test.each(faulty)("%j: one sentence, without the value", (env, sentence) => {
    const faults = faultsOf(env);
    expect(faults).toEqual([expect.stringContaining(sentence)]);
    expect(faults.join()).not.toContain("canary");
  });

  test.each(right)("%j: nothing", (env) => {
    expect(faultsOf(env)).toEqual([]);
  });

  test("in .env every <NAME>_URL and DATABASE_URL_<NAME> is about a service", async () => {
    const other = await makeProject();
    writeFileSync(
      join(other.folder, ".env"),
      "NOTIFIER_URL=http://x\nDATABASE_URL_UNPOOLED=x\nUSERS_URL=http://users:8001\nDATABSE_URL=x\n",
    );
    expect(addressesFaults(openSource(other.folder, {}), manifests).sort()).toEqual([
      "DATABASE_URL_UNPOOLED is about a service unpooled, which is not there: there are router, auth, users",
      "DATABSE_URL is about a service databse, which is not there: rename it to DATABASE_URL, or take it out",
      "NOTIFIER_URL is about a service notifier, which is not there: there are router, auth, users",
    ]);
  });

  test("user, password and TLS of NATS_URL reach its client apart from the hosts", () => {
    const of = (url: string) => readNatsSettings(openSource(folder, { NATS_URL: url })).settings;
    expect(of("nats://me:p%40ss@a:4222,tls://b")).toEqual({
      servers: ["a:4222", "b"],
      prefix: "trivet",
      tls: {},
      user: "me",
      pass: "p@ss",
    });
    expect(of("nats://only-a-token@a")).toEqual({ servers: ["a"], prefix: "trivet", token: "only-a-token" });
  });
});

describe("a configuration with many faults", () => {
  const env = {
    NATS_URL: "http://canary",
    REDIS_URL: "http://canary",
    S3_ENDPOINT: "ftp://canary",
    DATABASE_URL_USER: "postgres://canary@h/d",
    USER_URL: "http://canary",
  };
  const named = ["NATS_URL", "REDIS_URL", "S3_ENDPOINT", "S3_ACCESS_KEY_ID", "DATABASE_URL_USER", "USER_URL"];

  test.each([[["start"]], [["dev"]], [["migrate", "up"]], [["migrate", "status"]], [["doctor"]]])(
    "78: %j tells all of them in one message, before anything is made",
    async (args) => {
      const { folder } = await makeProject();
      const { code, stdout, stderr } = await trivet(folder, args, env);
      expect(code).toBe(78);
      const text = args[0] === "doctor" ? stdout : stderr;
      for (const name of named) expect(text.match(new RegExp(`\\b${name} (?:is|gives)`, "g"))).toHaveLength(1);
      expect(stdout + stderr).not.toContain("canary");
    },
  );
});

test("doctor says of a service that answers elsewhere at how many of its addresses", async () => {
  const { folder, urlOf } = await makeProject();
  const there = createServer((_, answer) => void answer.end()).listen(0, "127.0.0.1");
  await once(there, "listening");
  onTestFinished(() => void there.close());
  const address = there.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const gone = new URL(urlOf("users")).origin;
  const { stdout } = await trivet(folder, ["doctor"], { AUTH_URL: url, USERS_URL: `${url}, ${gone}` });
  expect(stdout).toMatch(/^ok +service auth +1 of 1 addresses answer$/m);
  expect(stdout).toMatch(new RegExp(`^warn +service users +1 of 2 addresses answer, not ${gone}`, "m"));
});

test("78: a secret that a Worker can do without may not stand in [vars], where wrangler shows it", async () => {
  const { folder } = await makeProject();
  const worker = `export default { fetch: () => new Response(), [Symbol.for("trivet.optionalSecrets")]: ["EDITION"] };`;
  writeFileSync(join(folder, "workers/users/src/worker.ts"), worker);
  const { code, stderr } = await trivet(folder, ["start"]);
  expect(code).toBe(78);
  expect(stderr).toContain("workers/users/wrangler.toml: `vars` holds EDITION, which is a secret; take it out");
});
