#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import {
  become,
  install,
  isThisNode,
  keepCompiled,
  pinnedBun,
  pinnedEnv,
  pinnedNode,
  servingOptions,
} from "./prepare.mjs";

// The command `trivet`: installs what is missing, then runs src/cli/main.ts on the pinned Node or Bun.

const args = process.argv.slice(2);
await install();
const serves = ["start", "dev"].includes(args[0]);
const onBun = serves && args.includes("--bun");
const program = onBun ? pinnedBun() : await pinnedNode();
keepCompiled();
// What npm runs, it runs below a shell, which src/cli/launcher.ts watches.
if (process.env.npm_command !== undefined) process.env.TRIVET_LAUNCHER = String(process.ppid);
const main = new URL("../src/cli/main.ts", import.meta.url);
// V8 takes its options at its start only.
const options = serves && !onBun ? servingOptions() : [];
if (!onBun && isThisNode(program) && options.every((option) => process.execArgv.includes(option)))
  await import(main.href);
else await become([program, ...options, fileURLToPath(main), ...args], pinnedEnv());
