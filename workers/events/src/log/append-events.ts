import type { Envelope } from "@trivet/contracts";
import { isMissingPartition, transaction } from "@trivet/db";
import type { Deps } from "../deps.ts";
import { insertEvents } from "../queries/log.ts";
import { createPartition } from "../queries/partitions.ts";
import { dayOf } from "./days.ts";
import { timeOfId } from "./event-id.ts";

/** Writes events to the log, each once by its id, and resolves when they are committed. */
export async function appendEvents({ db }: Pick<Deps, "db">, envelopes: readonly Envelope[]): Promise<void> {
  const write = () => transaction(db, (tx) => insertEvents(tx, envelopes));
  try {
    await write();
  } catch (error) {
    if (!isMissingPartition(error)) throw error;
    const days = new Set(envelopes.map(({ id }) => dayOf(timeOfId(id) ?? 0).begins));
    for (const begins of days) await transaction(db, (tx) => createPartition(tx, { begins }));
    await write();
  }
}
