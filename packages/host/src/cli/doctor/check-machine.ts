import { execFile } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { about, type Finding, reasonOf } from "./finding.ts";

const run = promisify(execFile);

/** The programs that everything stands on, and the room there is. */
export async function checkMachine(root: string): Promise<Finding[]> {
  const installed = (name: string): string => join(root, "node_modules", ".bin", name);
  return await Promise.all([
    checkProgram("Node", installed("node"), isPinned(root, "node")),
    checkProgram("Bun", installed("bun"), isPinned(root, "bun")),
    checkProgram("npm", "npm", (version) => Number(version.split(".")[0]) >= 10),
    checkProgram("wrangler", installed("wrangler"), () => true),
    checkLockfile(root),
    checkDisk(root),
  ]);
}

async function checkProgram(name: string, file: string, isEnough: (version: string) => boolean): Promise<Finding> {
  const finding = about(name);
  try {
    const { stdout } = await run(file, ["--version"], {
      timeout: 20_000,
      env: { ...process.env, WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false" },
    });
    const version = stdout.trim().split("\n").at(-1) ?? "";
    return isEnough(version) ? finding.ok(version) : finding.fail(`${version} is not the one to use`, reinstall);
  } catch (error) {
    return finding.fail(`cannot be run (${reasonOf(error).split("\n")[0]})`, reinstall);
  }
}

const reinstall = "Run: npm ci --include=dev";

/** Whether a program is the version that package.json names; of a project that names none, any is. */
const isPinned =
  (root: string, name: string) =>
  (version: string): boolean => {
    const file = join(root, "package.json");
    const { devDependencies } = pins.parse(existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {});
    return (devDependencies[name] ?? version.replace("v", "")) === version.replace("v", "");
  };

const pins = z.looseObject({ devDependencies: z.record(z.string(), z.string()).default({}) });

function checkLockfile(root: string): Finding {
  const finding = about("dependencies");
  const lock = join(root, "package-lock.json");
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return finding.fail("not installed", reinstall);
  if (existsSync(lock) && statSync(lock).mtimeMs > statSync(installed).mtimeMs) {
    return finding.warn("package-lock.json is newer than what is installed", "The next npm start runs npm ci.");
  }
  return finding.ok("installed as package-lock.json says");
}

const enough = 1024;
const tooLittle = 200;

async function checkDisk(root: string): Promise<Finding> {
  const finding = about("disk");
  const { bavail, bsize } = await statfs(root);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free < tooLittle) return finding.fail(`${free} MB free`, `The database needs ${tooLittle} MB: free some.`);
  if (free < enough) return finding.warn(`${free} MB free`, "The database can fill that: free some.");
  return finding.ok(`${Math.floor(free / 1024)} GB free`);
}
