import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { about, type Finding, reasonOf } from "./finding.ts";

const run = promisify(execFile);

/** The programs that everything stands on, and the room there is. */
export async function checkMachine(root: string): Promise<Finding[]> {
  const installed = (name: string): string => join(root, "node_modules", ".bin", name);
  return await Promise.all([
    checkProgram("Node", installed("node"), (version) => Number(version.replace("v", "").split(".")[0]) >= 24),
    checkProgram("Bun", installed("bun"), () => true),
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
    return isEnough(version) ? finding.ok(version) : finding.fail(`${version} is too old. Run: npm ci --include=dev`);
  } catch (error) {
    return finding.fail(`It cannot be run (${reasonOf(error).split("\n")[0]}). Run: npm ci --include=dev`);
  }
}

function checkLockfile(root: string): Finding {
  const finding = about("dependencies");
  const lock = join(root, "package-lock.json");
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return finding.fail("They are not installed. Run: npm ci --include=dev");
  if (existsSync(lock) && statSync(lock).mtimeMs > statSync(installed).mtimeMs) {
    return finding.warn("package-lock.json is newer than what is installed. The next npm start runs npm ci.");
  }
  return finding.ok("installed as package-lock.json says");
}

const enough = 1024;
const tooLittle = 200;

async function checkDisk(root: string): Promise<Finding> {
  const finding = about("disk");
  const { bavail, bsize } = await statfs(root);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free < tooLittle) return finding.fail(`${free} MB are free; the database needs ${tooLittle} MB. Free some.`);
  if (free < enough) return finding.warn(`${free} MB are free, which the database can fill. Free some.`);
  return finding.ok(`${Math.floor(free / 1024)} GB free`);
}
