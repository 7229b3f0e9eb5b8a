#!/usr/bin/env node
import { existsSync } from "node:fs";
import { join } from "node:path";
import { become, install, pinnedEnv, pinnedNode, root } from "./prepare.mjs";

// `node packages/host/bin/run.mjs <program> ...`: installs what is missing, then runs an installed
// program on the pinned Node, from the folder this was called in.

const [name, ...args] = process.argv.slice(2);
if (name === undefined) {
  process.stderr.write("Name a program, such as: node packages/host/bin/run.mjs vitest run\n");
  process.exit(64);
}
await install();
const node = await pinnedNode();
const installed = join(root, "node_modules", ".bin", name);
if (!existsSync(installed)) {
  process.stderr.write(`trivet: no installed package has a program ${name}.\n`);
  process.exit(127);
}
// The entries of .bin are links to scripts, except on Windows.
await become(process.platform === "win32" ? [`${installed}.cmd`, ...args] : [node, installed, ...args], pinnedEnv());
