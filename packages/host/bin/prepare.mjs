import { spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import nodeModule from "node:module";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

// Plain JavaScript without dependencies: it runs before anything is installed, on any Node from 20 on.

export const root = fileURLToPath(new URL("../../../", import.meta.url));
const modules = join(root, "node_modules");
const say = (line) => process.stderr.write(`${line}\n`);

/** Runs `npm ci` when what is installed is older than package-lock.json, or nothing is. */
export async function install() {
  if (reasonToInstall() === undefined) return;
  await whileLocked(async () => {
    const reason = reasonToInstall();
    if (reason === undefined) return;
    say(`trivet: ${reason}; running npm ci.`);
    const cli = process.env.npm_execpath ?? "";
    const npm = cli.endsWith("npm-cli.js") ? [process.execPath, cli] : ["npm"];
    // Without the development dependencies there is no pinned Node, even where NODE_ENV is production.
    // Warnings that this Node is too old for some of them do not matter: the pinned one runs them.
    const code = await run([...npm, "ci", "--include=dev", "--loglevel=error"], {
      cwd: root,
      shell: npm.length === 1 && process.platform === "win32",
    });
    if (code !== 0) {
      say("trivet: npm ci failed; what it printed above says why.");
      process.exit(code);
    }
  });
}

function reasonToInstall() {
  const changed = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  const wanted = changed(join(root, "package-lock.json"));
  const installed = changed(join(modules, ".package-lock.json"));
  if (wanted === undefined) return undefined;
  if (installed === undefined) return "the dependencies are not installed";
  return wanted > installed ? "package-lock.json is newer than what is installed" : undefined;
}

/** Two `npm ci` at once in one folder delete each other's work. */
async function whileLocked(work) {
  const lock = join(root, ".trivet", "install.lock");
  mkdirSync(dirname(lock), { recursive: true });
  for (let told = false; !take(lock); told = true) {
    if (!told) say("trivet: another process is installing the dependencies; waiting for it.");
    await pause(200);
  }
  const release = () => rmSync(lock, { force: true });
  process.once("exit", release);
  await work();
  release();
}

function take(lock) {
  try {
    const file = openSync(lock, "wx");
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (!isHeld(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** Whether the process that took the lock runs still. */
function isHeld(lock) {
  try {
    const pid = Number(readFileSync(lock, "utf8"));
    // Empty for the instant between its creation and the write.
    return pid === 0 ? Date.now() - statSync(lock).mtimeMs < 5000 : process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The Node that package.json pins, or this one where that is missing and this one is new enough. */
export async function pinnedNode() {
  const folder = join(modules, "node");
  const file = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(file)) return file;
  const script = join(folder, "installArchSpecificPackage.js");
  if (existsSync(script)) {
    // npm was told to run no install scripts, and this package is nothing but one.
    say("trivet: fetching the pinned Node, as npm did not run the install script of the package `node`.");
    await run([process.execPath, script], { cwd: folder });
    if (existsSync(file)) return file;
  }
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  say(`trivet: this is Node ${process.version}, and the pinned Node 24 is not installed. Run: npm ci --include=dev`);
  return process.exit(1);
}

/** The Bun that package.json pins: what its install script links, or the file that one links to. */
export function pinnedBun() {
  const file = process.platform === "win32" ? "bun.exe" : "bun";
  const arch = process.arch === "arm64" ? "aarch64" : process.arch;
  const system = process.platform === "win32" ? "windows" : process.platform;
  // Until the install script has run, bun.exe is a script of a few bytes that says so.
  const found = [
    join(modules, "bun", "bin", "bun.exe"),
    join(modules, "@oven", `bun-${system}-${arch}`, "bin", file),
  ].find((path) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 1_000_000);
  if (found !== undefined) return found;
  say("trivet: Bun is not installed. Run: npm ci --include=dev");
  return process.exit(1);
}

export const isThisNode = (path) => realpathSync(path) === realpathSync(process.execPath);

/** Keeps what Node made of the sources, for a start that is a quarter faster; `npm ci` throws it away. */
export function keepCompiled() {
  const folder = join(modules, ".cache", "compile");
  process.env.NODE_COMPILE_CACHE ??= folder;
  nodeModule.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
}

/**
 * How Node is to run what serves. Left to itself it keeps 64 MB twice for young objects, about as much as all services
 * together hold; a quarter of it costs no request/s that could be told from noise. NODE_OPTIONS may say otherwise.
 */
export const servingOptions = () =>
  /--max[-_]semi[-_]space[-_]size/.test(process.env.NODE_OPTIONS ?? "") ? [] : ["--max-semi-space-size=16"];

/** What npm scripts see, so that `node`, `bun` and every installed program are the pinned ones. */
export const pinnedEnv = () => ({ ...process.env, PATH: [join(modules, ".bin"), process.env.PATH].join(delimiter) });

/** Becomes the command where the system can do that; elsewhere runs it, hands signals on and exits as it does. */
export async function become(command, env = process.env) {
  if (typeof process.execve === "function" && process.platform !== "win32") {
    process.removeAllListeners("warning");
    process.execve(command[0], command, env);
  }
  process.exit(await run(command, { env }));
}

async function run([program, ...args], options) {
  const child = spawn(program, args, { stdio: "inherit", ...options });
  const forward = (signal) => {
    // Ctrl-C reaches every process of the terminal by itself.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"];
  for (const signal of signals) process.on(signal, forward);
  try {
    return await new Promise((resolve) => {
      child.on("error", (error) => {
        say(`trivet: ${program} cannot be run: ${error.message}`);
        resolve(127);
      });
      child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
    });
  } finally {
    for (const signal of signals) process.off(signal, forward);
  }
}
