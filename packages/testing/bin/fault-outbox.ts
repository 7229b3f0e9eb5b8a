// `npm run fault:outbox`: effects and transactions agree although processes are killed at every step between them. On the
// Postgres of DATABASE_URL, else one that is started for it, and on the NATS of NATS_URL where that is set.
// `--transactions 1000` and `--rate 100` (a second) make it another run.
import { parseArgs } from "node:util";
import { availableDrivers } from "../src/conformance/queues/drivers.ts";
import setup from "../src/database/global-setup.ts";
import { crashPath } from "../src/faults/outbox/crash-path.ts";

const { values } = parseArgs({
  options: { transactions: { type: "string", default: "10000" }, rate: { type: "string", default: "250" } },
});

const teardown = await setup();
try {
  const options = { transactions: Number(values.transactions), rate: Number(values.rate), hurry: false };
  for (const driver of availableDrivers) {
    process.stdout.write(`${driver}: ${JSON.stringify(await crashPath({ ...options, driver }))}\n`);
  }
} finally {
  await teardown();
}
