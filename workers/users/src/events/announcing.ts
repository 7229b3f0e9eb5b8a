import type { EventContract } from "@trivet/contracts";
import { publish, type Transaction, transaction } from "@trivet/db";
import type { z } from "zod";
import type { Deps } from "../deps.ts";
import { outbox } from "../tables.ts";
import { sendOff } from "./send-off.ts";

/** Tells of an event with the transaction it belongs to; `subject` is the id of whom it is about. */
export type Announce = <Event extends EventContract>(
  event: Event,
  subject: string,
  data: z.input<Event["data"]>,
) => Promise<void>;

/**
 * Runs `effect` in a transaction. What it announces is stored with it, or not at all, and goes on its
 * way once it is committed, without the caller waiting for the delivery.
 */
export async function announcing<Result>(
  deps: Deps,
  effect: (tx: Transaction, announce: Announce) => Promise<Result>,
): Promise<Result> {
  let announced = false;
  const result = await transaction(deps.db, (tx) =>
    effect(tx, async (event, subject, data) => {
      announced = true;
      await publish(tx, outbox, event, subject, data, deps.invocation);
    }),
  );
  if (announced) deps.invocation.waitUntil(sendOff(deps));
  return result;
}
