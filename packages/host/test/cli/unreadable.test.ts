import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { addressesFaults } from "../../src/addresses.ts";
import { hostVariables, openSource } from "../../src/config/index.ts";
import { startHost } from "../../src/index.ts";
import { readManifests } from "../../src/manifest/index.ts";
import { helloWorker, toml, writeRoot } from "../fixtures/root.ts";
import { trivet } from "./command.ts";
import { makeProject } from "./fixture.ts";

const unreadable = (name: string) => `${name}_FILE names /nonexistent, which cannot be read (ENOENT)`;

// Of the fixture's services; both kinds of name are made from theirs.
const ofServices = ["DATABASE_URL_USERS", "DATABASE_URL_ROUTER", "DATABASE_URL_HOST", "AUTH_URL", "USERS_URL"];
const names = [...hostVariables, ...ofServices];
const files = Object.fromEntries(names.map((name) => [`${name}_FILE`, "/nonexistent"]));

describe("a NAME_FILE that cannot be read", () => {
  const project = {
    "wrangler.toml": toml(
      "router",
      '[[services]]\nbinding = "USERS"\nservice = "users"\n[[services]]\nbinding = "AUTH"\nservice = "auth"\n',
    ),
    "worker.mjs": helloWorker,
    "workers/users/wrangler.toml": toml("users", ""),
    "workers/users/worker.mjs": helloWorker,
    "workers/auth/wrangler.toml": toml("auth", ""),
    "workers/auth/worker.mjs": helloWorker,
  };

  test.each(names)("%s: alone, it keeps the host from starting and the database from being migrated", async (name) => {
    const root = writeRoot(project);
    const env = { [`${name}_FILE`]: "/nonexistent" };
    const fault = unreadable(name);
    await expect(startHost({ root, env, port: 0, logs: false })).rejects.toMatchObject({ faults: [fault] });
    expect(addressesFaults(openSource(root, env), readManifests(root).manifests)).toEqual([fault]);
  });

  test.each([["start"], ["doctor"], ["migrate", "up"], ["migrate", "status"]])(
    "78: trivet %s %s tells of each, and makes no database instead",
    async (...args) => {
      const { folder } = await makeProject();
      const { code, stdout, stderr } = await trivet(folder, args, files);
      const told = stdout + stderr;
      expect(names.filter((name) => !told.includes(unreadable(name)))).toEqual([]);
      expect(code).toBe(78);
      expect(existsSync(join(folder, ".trivet/postgres"))).toBe(false);
    },
  );

  test.each([["start", "--no-migrate"], ["doctor"], ["migrate", "up"]])(
    "78: so does trivet %s, of DATABASE_URL_FILE alone in production",
    async (...args) => {
      const { folder } = await makeProject();
      const { code, stdout, stderr } = await trivet(folder, args, {
        TRIVET_ENV: "production",
        PUBLIC_URL: "https://api.trivet.test",
        SERVICE_JWT_SECRET: "k7Qz1mB4xW9pT2rV6yN8sD3fG5hJ0aLc",
        DATABASE_URL_FILE: "/nonexistent",
      });
      expect(stdout + stderr).toContain(unreadable("DATABASE_URL"));
      expect(code).toBe(78);
      expect(existsSync(join(folder, ".trivet/postgres"))).toBe(false);
    },
  );
});
