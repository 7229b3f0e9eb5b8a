// `npm run bench -- --peers <folder>`: measures Trivet on Node and Bun and the peers of that folder on
// the same work, interleaved in one run. Options after `--` of its own go to the peers' harness. With NATS_URL set the
// queues of work Q are measured in that JetStream, too.
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type BenchRuntime, benchNatsQueues, benchProject } from "../src/bench/project.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "string" },
    runtimes: { type: "string", default: "node,bun" },
    targets: { type: "string", default: "fastify,fastapi" },
    work: { type: "string", default: "W1,W2,W6" },
    processes: { type: "string", default: "1,2" },
    rounds: { type: "string", default: "5" },
  },
});

if (values.peers === undefined) {
  process.stderr.write(
    "Say where the peers are: npm run bench -- --peers <folder with run.sh>. A figure of one's own alone means little.\n",
  );
  process.exit(64);
}

const runtimes = values.runtimes.split(",").filter((name): name is BenchRuntime => name === "node" || name === "bun");
const directory = mkdtempSync(join(tmpdir(), "trivet-bench-"));
const processes = values.processes.split(",").map(Number).filter(Number.isSafeInteger);
const { NATS_URL } = process.env;
const projects = runtimes.flatMap((runtime) => [
  ...processes.map((count) => benchProject(runtime, count)),
  ...(NATS_URL && values.work.split(",").includes("Q") ? [benchNatsQueues(runtime, NATS_URL)] : []),
]);
const configs = projects.map((project) => {
  const file = join(directory, `${project.name}.json`);
  writeFileSync(file, JSON.stringify(project));
  return file;
});
const targets = [...values.targets.split(",").filter(Boolean), ...projects.map(({ name }) => name)];
const { status } = spawnSync(
  "sh",
  [
    join(resolve(values.peers), "run.sh"),
    ...configs.flatMap((file) => ["--project-config", file]),
    ...["--targets", targets.join(",")],
    ...["--work", values.work],
    ...["--rounds", values.rounds],
    ...["--out", join(directory, "results.json")],
    ...positionals,
  ],
  { stdio: "inherit" },
);
process.stdout.write(`The raw results are in ${join(directory, "results.json")}\n`);
process.exit(status ?? 1);
