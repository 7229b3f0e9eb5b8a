import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { bin, run, runtimes } from "./fixtures/process.ts";
import { writeRoot } from "./fixtures/root.ts";

const line = z.object({
  "@timestamp": z.string(),
  level: z.string(),
  message: z.string(),
  logger: z.string(),
  properties: z.looseObject({}),
});
const parse = (text: string) =>
  text
    .split("\n")
    .filter((one) => one.startsWith("{"))
    .map((one) => line.parse(JSON.parse(one)));

async function outputOf(runtime: (typeof runtimes)[number], ...args: string[]): Promise<string> {
  const { exit, output } = run(runtime, "logs-main.ts", args);
  expect(await exit).toBe(0);
  return output();
}

describe.each(runtimes)("logs on %s", (runtime) => {
  test("JSON lines: one object a line, secrets redacted, errors with their cause", async () => {
    const output = await outputOf(runtime, "json", "");
    const [info, error] = parse(output);
    expect(info).toMatchObject({
      level: "INFO",
      logger: "trivet.users",
      properties: { status: 200, password: "[redacted]" },
    });
    expect(error).toMatchObject({
      level: "ERROR",
      properties: { error: { message: "broken\nINF fake", cause: { message: "the cause" } } },
    });
    expect(output).not.toContain("canary-secret");
  });

  test("readable lines: what came from outside starts no line and commands no terminal", async () => {
    const output = await outputOf(runtime, "text", "");
    expect(output).toContain("GET /a\\n12:00:00 INF fake\\u001b[2J 200");
    expect(output).not.toContain("\u001b");
    expect(output.split("\n").filter((one) => /^\S*INF fake/.test(one))).toEqual([]);
    expect(output).toContain("the cause");
    expect(output).not.toContain("canary-secret");
  });

  test("nothing is lost when the process exits in the middle of it", async () => {
    expect(parse(await outputOf(runtime, "json", "", "5000", "exit"))).toHaveLength(5_002);
  });

  test("lines of two processes stay whole on one pipe whose reader is slow", async () => {
    const program = join(bin, runtime);
    const main = join(import.meta.dirname, "fixtures/logs-main.ts");
    const script = '"$0" "$1" json "" 20000 close 1 & "$0" "$1" json "" 20000 close 2 & wait';
    const shell = spawn("sh", ["-c", script, program, main], { stdio: ["ignore", "pipe", "ignore"] });
    const pieces: Buffer[] = [];
    for await (const piece of shell.stdout) {
      pieces.push(piece);
      await setTimeout(1);
    }
    const lines = Buffer.concat(pieces).toString().trimEnd().split("\n");
    expect(lines).toHaveLength(2 * 20_002);
    expect(lines.filter((text) => !line.safeParse(JSON.parse(text)).success)).toEqual([]);
  });

  test("LOG_DIR: a file per service and one of its errors, rotated at 10 MB", async () => {
    const directory = join(writeRoot({}), "logs");
    await outputOf(runtime, "json", directory, "120000");
    const sizes = ["users.log", "users.log.1"].map((name) => statSync(join(directory, name)).size);
    for (const size of sizes) expect(size).toBeLessThanOrEqual(10 * 1024 * 1024);
    const whole = ["users.log.1", "users.log"].map((name) => readFileSync(join(directory, name), "utf8")).join("");
    expect(parse(whole)).toHaveLength(120_002);
    expect(parse(readFileSync(join(directory, "users_errors.log"), "utf8"))).toHaveLength(1);
  });
});
