import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";

export interface Finished {
  code: number;
  output: string;
}

// Through its manifest, because wrangler's main module is its API and not its command.
const wranglerBin = join(
  dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
  "bin",
  "wrangler.js",
);

const quiet = { WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true", NO_COLOR: "1" };

/** Runs wrangler without a terminal. `echo` shows its output as it comes. */
export function wrangler(args: readonly string[], options: { cwd: string; echo?: boolean }): Promise<Finished> {
  const child = spawn(process.execPath, [wranglerBin, ...args], {
    cwd: options.cwd,
    // Sanitised, the log that wrangler keeps of its own holds no bodies of requests, and so no secrets.
    env: { ...process.env, ...quiet, WRANGLER_LOG_SANITIZE: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (options.echo) process.stdout.write(text);
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
