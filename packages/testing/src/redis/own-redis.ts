import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { freePort } from "../system/free-port.ts";

export interface OwnRedis {
  url: string;
  port: number;
  /** As a crash would end it: nothing is kept. */
  kill(): Promise<void>;
  /** On the port where it was before. */
  start(): Promise<void>;
  /** Stops it without closing anything: connections stay open and nothing answers. */
  freeze(): void;
  thaw(): void;
}

/** Whether this machine has a `redis-server` to start. */
export async function hasRedisServer(): Promise<boolean> {
  const child = spawn("redis-server", ["--version"], { stdio: "ignore" });
  return await new Promise((resolve) => {
    child.on("error", () => resolve(false)).on("close", (code) => resolve(code === 0));
  });
}

/** A Redis of our own on a free port, to be killed and frozen at will. */
export async function startOwnRedis(): Promise<OwnRedis> {
  const port = await freePort();
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    child = spawn("redis-server", args, { stdio: "ignore" });
    await untilListening("redis-server", port);
  };
  const kill = async (): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "close");
    child.kill("SIGKILL");
    await gone;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    kill,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
  };
}

/** Resolves when `program` takes connections. */
export async function untilListening(program: string, port: number): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const listens = await new Promise<boolean>((resolve) => {
      socket.on("connect", () => resolve(true)).on("error", () => resolve(false));
    });
    socket.destroy();
    if (listens) return;
    if (Date.now() > end) throw new Error(`${program} does not listen on port ${port}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
