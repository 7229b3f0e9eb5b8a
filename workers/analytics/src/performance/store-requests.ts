import type { RequestMinute } from "@trivet/contracts";
import { transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { addRequests } from "../queries/request-metrics.ts";
import { insertSeen } from "../queries/seen-events.ts";

/** Adds what a service reports of its requests to what it has reported before; the same report only once. */
export async function storeRequests(
  { db }: Deps,
  service: string,
  { id, minutes }: { id: string; minutes: readonly RequestMinute[] },
): Promise<void> {
  await transaction(db, async (tx) => {
    if ((await insertSeen(tx, [id])).has(id)) await addRequests(tx, service, minutes);
  });
}
