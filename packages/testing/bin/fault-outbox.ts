// `npm run fault:outbox`: events and transactions agree although relays are killed at every step. On the Postgres of
// DATABASE_URL, else one that is started for it. `--transactions 1000` and `--rate 100` (a second) make it another run.
import { parseArgs } from "node:util";
import setup from "../src/database/global-setup.ts";
import { crashRelays } from "../src/faults/outbox/crash-relays.ts";

const { values } = parseArgs({
  options: { transactions: { type: "string", default: "10000" }, rate: { type: "string", default: "250" } },
});

const teardown = await setup();
try {
  const options = { transactions: Number(values.transactions), rate: Number(values.rate), hurry: false };
  process.stdout.write(`${JSON.stringify(await crashRelays(options))}\n`);
} finally {
  await teardown();
}
