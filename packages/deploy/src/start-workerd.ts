import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";

export interface RunningWorkerd {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** The npm package exports the path of its program, as CommonJS and without types. */
const program = z.object({ default: z.string() }).parse(createRequire(import.meta.url)("workerd")).default;

const listening = z.object({ event: z.literal("listen"), port: z.number() });

/**
 * Runs workerd on a free port of the loopback interface. `services` is a list in the syntax of its
 * configuration (workerd.capnp); the one called `main` answers, and each may embed the given files.
 */
export async function startWorkerd(services: string, files: Record<string, string>): Promise<RunningWorkerd> {
  const directory = mkdtempSync(join(tmpdir(), "trivet-workerd-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  writeFileSync(
    join(directory, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = ${services},
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
    );`,
  );
  const args = ["serve", "--experimental", "--control-fd=3", join(directory, "config.capnp")];
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  const stop = async () => {
    if (child.exitCode === null && child.kill("SIGKILL")) await new Promise((resolve) => child.once("close", resolve));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const port = await portOf(child);
    if (child.pid === undefined) throw new Error("workerd has no process id.");
    return { url: `http://127.0.0.1:${port}/`, pid: child.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`workerd ended with code ${code} before it listened.`)));
    // workerd reports the port it was given as one line of JSON.
    child.stdio[3]?.once("data", (line: Buffer) => {
      const report = listening.safeParse(JSON.parse(line.toString()));
      if (report.success) resolve(report.data.port);
      else reject(new Error(`workerd reported ${line.toString()}`));
    });
  });
}
