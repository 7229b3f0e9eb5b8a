import { spawn } from "node:child_process";
import { cpSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../postgres/holder.ts";

/** A repository with nothing installed, nothing to download, and a program that shows what it is given. */
function makeRepository(): string {
  const root = temporaryFolder();
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  cpSync(join(import.meta.dirname, "../../bin"), join(root, "packages/host/bin"), { recursive: true });
  write(
    "packages/host/src/cli/main.ts",
    "process.stdout.write([process.version, ...process.execArgv, process.argv.slice(2).join()].join(' '));",
  );
  write("packages/host/package.json", '{ "name": "host", "version": "0.0.0", "type": "module" }');
  write("package.json", '{ "name": "empty", "version": "0.0.0", "workspaces": ["packages/*"] }');
  const packages = {
    "": { name: "empty", version: "0.0.0", workspaces: ["packages/*"] },
    "node_modules/host": { resolved: "packages/host", link: true },
    "packages/host": { name: "host", version: "0.0.0" },
  };
  const lock = { name: "empty", version: "0.0.0", lockfileVersion: 3, requires: true, packages };
  write("package-lock.json", JSON.stringify(lock));
  return root;
}

const run = (root: string, ...args: string[]) => runIn(root, {}, ...args);

async function runIn(root: string, env: Record<string, string>, ...args: string[]) {
  const { PATH, HOME } = process.env;
  const options = { cwd: root, env: { PATH, HOME, ...env } };
  const child = spawn(process.execPath, ["packages/host/bin/trivet.mjs", ...args], options);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  return { code, stdout, installs: /^trivet: (.*); running npm ci\.$/m.exec(stderr)?.[1] };
}

test("installs what is missing or out of date, once, and then runs the program with what it was given", async () => {
  const root = makeRepository();
  const program = { code: 0, stdout: expect.stringMatching(/v\d+\.\S+ --max-semi-space-size=16 start,--x$/) };
  const runs = await Promise.all([run(root, "start", "--x"), run(root, "start", "--x")]);
  expect(runs).toEqual([expect.objectContaining(program), expect.objectContaining(program)]);
  expect(runs.map(({ installs }) => installs).sort()).toEqual(["the dependencies are not installed", undefined]);
  expect(await run(root, "start", "--x")).toMatchObject({ ...program, installs: undefined });
  const later = new Date(Date.now() + 5_000);
  utimesSync(join(root, "package-lock.json"), later, later);
  expect((await run(root, "start", "--x")).installs).toBe("package-lock.json is newer than what is installed");
});

test("holds Node's young objects to a size where it serves, unless NODE_OPTIONS has one", async () => {
  const root = makeRepository();
  expect((await run(root, "migrate")).stdout).toMatch(/v\d+\.\S+ migrate$/);
  expect((await run(root, "dev")).stdout).toMatch(/v\d+\.\S+ --max-semi-space-size=16 dev$/);
  const env = { NODE_OPTIONS: "--max-semi-space-size=32" };
  expect((await runIn(root, env, "start")).stdout).toMatch(/v\d+\.\S+ start$/);
});
