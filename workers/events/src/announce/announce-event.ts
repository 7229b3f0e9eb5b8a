import { eventNamed } from "@trivet/contracts";
import { announcing, longestData } from "@trivet/db";
import { type ServiceActor, TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import type { Announced, Announcement } from "../schemas.ts";
import { dispatchOf } from "./dispatch.ts";

/**
 * Announces an event on behalf of the service that the catalogue names for it: what an operator does by hand, and a
 * service for itself. It goes the way of every other, by the outbox.
 *
 * Throws `forbidden` where a service announces what is another's, `payload_too_large` where the data fits no message.
 */
export async function announceEvent(
  deps: Deps,
  actor: UserActor | ServiceActor,
  { event: name, data }: Announcement,
): Promise<Announced> {
  const event = eventNamed(name);
  if (!event) throw new Error("The contract has let an event through that is not in the catalogue.");
  if (actor.kind === "service" && actor.name !== event.service) {
    throw new TrivetError("forbidden", `${event.name} is announced by ${event.service} and by administrators.`);
  }
  if (JSON.stringify(data).length > longestData) {
    throw new TrivetError("payload_too_large", `The data may have ${longestData} characters as JSON. Send ids.`);
  }
  const subject = String(Object(data)[event.subject]);
  const announced = await announcing(dispatchOf(deps), async (tx, announce) => {
    const id = await announce(event, subject, data);
    const shown = { id, event: event.name, service: event.service, subject };
    await deps.answers.keep(tx, deps.invocation, shown);
    return shown;
  });
  deps.invocation.log.info("{event} was announced by hand", { event: event.name, event_id: announced.id });
  return announced;
}
