/**
 * A relay in a process of its own: empties auth's outbox into the inbox of users until it is told to stop. As `claimed` it
 * kills itself with a batch claimed and nothing delivered, as `delivered` with an event delivered and not yet settled.
 */
import { type Database, inboxTable, once, openDatabase, outboxTable, relay, transaction } from "@trivet/db";
import { sql } from "drizzle-orm";
import { pgSchema } from "drizzle-orm/pg-core";

const [, , authUrl = "", usersUrl = "", crash = ""] = process.argv;
const open = (connectionString: string): Database =>
  openDatabase({ connectionString, keep: (make) => make() }, { service: "relay", defer: () => {} });
const [auth, users] = [open(authUrl), open(usersUrl)];
const outbox = outboxTable(pgSchema("auth"));
const inbox = inboxTable(pgSchema("users"));

let stopped = false;
process.on("SIGTERM", () => {
  stopped = true;
});
const dieIf = (step: string): void => {
  if (crash === step) process.kill(process.pid, "SIGKILL");
};

await Promise.all([auth.execute(sql`SELECT 1`), users.execute(sql`SELECT 1`)]);
process.stdout.write("ready\n");

while (!stopped) {
  await relay({
    db: auth,
    outbox,
    async deliver(envelope) {
      dieIf("claimed");
      await transaction(users, (tx) =>
        once(tx, inbox, envelope, async () => {
          await tx.execute(
            sql`INSERT INTO users.received (subject, sent_at) VALUES (${envelope.subject}, ${envelope.timestamp})`,
          );
        }),
      );
      dieIf("delivered");
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
}
process.exit();
