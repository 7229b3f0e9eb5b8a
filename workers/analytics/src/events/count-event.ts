import type { Envelope, EventContract } from "@trivet/contracts";
import type { Deps } from "../deps.ts";
import { on } from "../deps.ts";
import { storeEvents } from "../ingest/record-events.ts";
import { day } from "../time/zone.ts";

/** Counts an event of the catalogue as one of its subject. A repeat has the same id, by which it is known. */
export const countEvent = (event: EventContract) =>
  on(event, async (deps, _, envelope) => await storeEnvelope(deps, envelope, envelope.subject));

/** What is older than all that is kept is not kept either. */
export async function storeEnvelope(deps: Deps, envelope: Envelope, visitor: string | null): Promise<void> {
  const at = Date.parse(envelope.timestamp);
  const now = new Date();
  if (at < now.getTime() - deps.env.ANALYTICS_RETENTION_DAYS * day) return;
  const source = `service:${envelope.service}`;
  const sent = {
    name: envelope.event,
    properties: {},
    at: Math.min(at, now.getTime()),
    id: envelope.id,
    userId: undefined,
  };
  await storeEvents(deps, { visitor, source, scope: source }, [sent], now);
}
