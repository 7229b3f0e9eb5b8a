import { setTimeout as pause } from "node:timers/promises";
import { readAccess } from "./create-cluster.ts";
import { findPostmaster } from "./postmaster.ts";
import { join } from "./presence.ts";
import { leave } from "./start-embedded-postgres.ts";

/**
 * The program `watchOver` runs when its process was killed. The server may need a moment to notice
 * that the dead one's session is gone; whoever still holds the lock after that is alive and stays.
 */
const [data] = process.argv.slice(2);
if (data === undefined) throw new Error("Name the data folder.");
const access = await readAccess(data);
for (let attempt = 0; access !== undefined && attempt < 5; attempt++) {
  const server = findPostmaster(data);
  if (server === undefined) break;
  const presence = server.ready ? await join(access, server, () => {}) : undefined;
  if (presence !== undefined) await leave(data, presence);
  await pause(300);
}
