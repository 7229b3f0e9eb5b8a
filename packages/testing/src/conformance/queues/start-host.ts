import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root as repository } from "../../root.ts";
import { entry, manifestOf, type QueueSpec } from "./orders.ts";
import { type QueueSubject, subjectOf } from "./subject.ts";

export type HostRuntime = "node" | "bun";

/** A process of the host that runs one Worker over queues. */
export interface QueueHost extends QueueSubject {
  child: ChildProcess;
  url: string;
  output(): string;
}

const bin = join(repository, "node_modules/.bin");

/** The suite's Worker, or another one, on the host: `env` says where its queues are. */
export async function startQueueHost(
  runtime: HostRuntime,
  queues: readonly QueueSpec[],
  env: Record<string, string>,
  main = entry,
  more = "",
): Promise<QueueHost> {
  const root = mkdtempSync(join(tmpdir(), "trivet-queues-"));
  writeFileSync(join(root, "wrangler.toml"), manifestOf(main, queues) + more);
  const child = spawn(join(bin, runtime), [join(import.meta.dirname, "host-main.ts"), root], {
    env: { PATH: `${bin}:${process.env.PATH}`, LOG_LEVEL: "warning", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const address = /ready at (\S+)/.exec(output)?.[1];
        if (address !== undefined) resolve(address);
      });
    }
    child.once("close", () => reject(new Error(`The host ended before it was ready:\n${output}`)));
  });
  const ask = (path: string, body?: string) => fetch(url + path, body === undefined ? {} : { method: "POST", body });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "close");
      child.kill("SIGTERM");
      await gone;
    }
    rmSync(root, { recursive: true, force: true });
  };
  return { ...subjectOf(ask, stop), child, url, output: () => output };
}
