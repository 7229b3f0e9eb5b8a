import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { checkArrows, checkFile } from "../src/arrows/check.ts";
import { findCircles } from "../src/arrows/circles.ts";

const refused: [why: string, file: string, source: string][] = [
  [
    "a worker imports another worker by path",
    "workers/auth/src/a.ts",
    `import { x } from "../../users/src/queries.ts";`,
  ],
  ["a worker imports another worker by name", "workers/auth/src/a.ts", `import { x } from "@trivet/users";`],
  [
    "a worker's routes import another's types",
    "workers/auth/src/routes/a.ts",
    `import type { X } from "../../../users/src/env.ts";`,
  ],
  ["a worker imports the host", "workers/users/src/a.ts", `import { x } from "@trivet/host";`],
  [
    "a worker imports the host by path",
    "workers/users/src/a.ts",
    `export { x } from "../../../packages/host/src/index.ts";`,
  ],
  ["a worker imports the test package", "workers/users/src/a.ts", `import { x } from "@trivet/testing";`],
  ["a worker imports a Node module", "workers/users/src/a.ts", `import { readFile } from "node:fs/promises";`],
  ["a worker imports a Node module by its bare name", "workers/users/src/a.ts", `import fs from "fs";`],
  ["a worker imports node:crypto itself", "workers/users/src/a.ts", `import { createHash } from "node:crypto";`],
  [
    "a worker imports Cloudflare's types",
    "workers/users/src/a.ts",
    `import type { R2Bucket } from "@cloudflare/workers-types";`,
  ],
  ["a worker imports a Cloudflare module", "workers/users/src/a.ts", `import { env } from "cloudflare:workers";`],
  ["a worker names a type by import()", "workers/users/src/a.ts", `export type X = import("@trivet/host").X;`],
  ["a worker imports later, by import()", "workers/users/src/a.ts", `export const x = () => import("@trivet/host");`],
  ["a worker imports Bun", "workers/users/src/a.ts", `import { sql } from "bun";`],
  ["a verb imports drizzle", "workers/users/src/follow.ts", `import { eq } from "drizzle-orm";`],
  ["a route imports drizzle", "workers/users/src/routes/follow.ts", `import { eq } from "drizzle-orm";`],
  ["a query file opens its own connection", "workers/users/src/queries.ts", `import postgres from "postgres";`],
  [
    "a query file opens its own drizzle",
    "workers/users/src/queries.ts",
    `import { drizzle } from "drizzle-orm/postgres-js";`,
  ],
  [
    "a worker reaches into a package",
    "workers/users/src/a.ts",
    `import { x } from "../../../packages/http/src/route.ts";`,
  ],
  ["a worker imports its own tests", "workers/users/src/a.ts", `import { x } from "../test/a.ts";`],
  ["http imports the host", "packages/http/src/a.ts", `import { x } from "@trivet/host";`],
  ["http imports drizzle", "packages/http/src/a.ts", `import { sql } from "drizzle-orm";`],
  ["http imports a Node module", "packages/http/src/a.ts", `import path from "node:path";`],
  ["contracts import db", "packages/contracts/src/a.ts", `import type { Database } from "@trivet/db";`],
  ["db imports http", "packages/db/src/a.ts", `import { x } from "@trivet/http";`],
  ["platform imports contracts", "packages/platform/src/a.ts", `import { id } from "@trivet/contracts";`],
  ["platform imports a Node module outside its wrappers", "packages/platform/src/ids.ts", `import "node:crypto";`],
  ["the host imports a worker", "packages/host/src/a.ts", `import worker from "../../../workers/users/src/worker.ts";`],
  ["the host imports http", "packages/host/src/a.ts", `import { x } from "@trivet/http";`],
  [
    "a service's test imports another service",
    "workers/auth/test/a.test.ts",
    `import { x } from "../../users/src/queries.ts";`,
  ],
];

const allowed: [what: string, file: string, source: string][] = [
  [
    "a worker imports http, db, contracts and platform",
    "workers/users/src/a.ts",
    `import "@trivet/http"; import "@trivet/db"; import "@trivet/contracts"; import "@trivet/platform";`,
  ],
  ["a worker imports its own files", "workers/users/src/routes/a.ts", `import { x } from "../queries.ts";`],
  ["a service's queries import drizzle", "workers/users/src/queries/follows.ts", `import { eq } from "drizzle-orm";`],
  ["a service's tables import drizzle", "workers/users/src/tables.ts", `import { text } from "drizzle-orm/pg-core";`],
  ["platform wraps node:crypto", "packages/platform/src/password.ts", `import { scrypt } from "node:crypto";`],
  ["db opens connections", "packages/db/src/open-database.ts", `import postgres from "postgres";`],
  [
    "the host imports Node and the migrations",
    "packages/host/src/a.ts",
    `import "node:fs"; import "@trivet/db/migrations";`,
  ],
  [
    "a word in a string or comment is no import",
    "workers/users/src/a.ts",
    `// import "node:fs"\nexport const x = 'import "@trivet/host"';`,
  ],
];

/** Writes files below a new folder, which goes with the test, and returns that. */
function plant(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "trivet-arrows-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), source);
  }
  return root;
}

describe("the arrows", () => {
  test.for(refused)("refused: %s", ([, file, source]) => {
    expect(checkFile(file, source)).toEqual([
      expect.objectContaining({ file, line: 1, why: expect.stringMatching(/\w+/) }),
    ]);
  });

  test.for(allowed)("allowed: %s", ([, file, source]) => {
    expect(checkFile(file, source)).toEqual([]);
  });

  test("a violation planted in a tree is found with its line", () => {
    const root = plant({
      "workers/auth/src/worker.ts": `import { x } from "./x.ts";\n`,
      "workers/auth/src/routes/deep/login.ts": `import { z } from "zod";\n\nimport "node:net";\n`,
    });
    expect(checkArrows(root)).toEqual([
      { file: "workers/auth/src/routes/deep/login.ts", line: 3, imports: "node:net", why: expect.any(String) },
    ]);
  });

  test("a file that cannot be parsed is not passed over", () => {
    expect(() => checkFile("workers/auth/src/a.ts", "import { from")).toThrow(/cannot be parsed/);
  });
});

describe("circles", () => {
  test("files that import one another are found, types and later imports included", () => {
    const root = plant({
      "packages/db/src/a.ts": `import type { B } from "./deep/b.ts";\n`,
      "packages/db/src/deep/b.ts": `export const c = () => import("../c.ts");\n`,
      "packages/db/src/c.ts": `export { a } from "./a.ts";\n`,
      "packages/db/src/outside.ts": `import "./a.ts";\nimport "./own.ts";\n`,
      "packages/db/src/own.ts": `import { x } from "./own.ts";\n`,
    });
    expect(findCircles(root)).toEqual([
      ["packages/db/src/a.ts", "packages/db/src/deep/b.ts", "packages/db/src/c.ts"],
      ["packages/db/src/own.ts"],
    ]);
  });

  test("two ways to one file are no circle", () => {
    const root = plant({
      "packages/db/src/a.ts": `import "./b.ts";\nimport "./c.ts";\n`,
      "packages/db/src/b.ts": `import "./c.ts";\n`,
      "packages/db/src/c.ts": "",
    });
    expect(findCircles(root)).toEqual([]);
  });
});
