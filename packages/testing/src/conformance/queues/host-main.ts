/** Starts the services of the root given as argument on the runtime that runs this file; a signal drains it. */
import { exitInGoodOrder, startHost } from "@trivet/host";

const host = await startHost({ root: process.argv[2] ?? "", port: 0 });
exitInGoodOrder(host.stop);
process.stdout.write(`ready at ${host.url}\n`);
