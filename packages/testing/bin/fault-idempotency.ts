// `npm run fault:idempotency`: the same requests many times over, and processes that die meanwhile. On DATABASE_URL, else on
// a Postgres that is started for it. `--runtimes node,bun`, `--twins 1000`, `--keys 400` and `--kills 4` make it another run.
import { parseArgs } from "node:util";
import type { HostRuntime } from "../src/conformance/queues/start-host.ts";
import setup from "../src/database/global-setup.ts";
import { sendTwins } from "../src/faults/idempotency/twins.ts";

const { values } = parseArgs({
  options: {
    runtimes: { type: "string", default: "node" },
    twins: { type: "string", default: "1000" },
    keys: { type: "string", default: "400" },
    kills: { type: "string", default: "4" },
  },
});

const teardown = await setup();
try {
  for (const runtime of values.runtimes.split(",").filter((name): name is HostRuntime => /^(node|bun)$/.test(name))) {
    const [twins, keys, kills] = [Number(values.twins), Number(values.keys), Number(values.kills)];
    const report = await sendTwins({ runtime, twins, keys, copies: 5, kills });
    process.stdout.write(`${runtime}: ${JSON.stringify(report)}\n`);
  }
} finally {
  await teardown();
}
