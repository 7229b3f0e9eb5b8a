import { TrivetError, type UserActor } from "@trivet/platform";

/** Throws `unprocessable` where the other user is the actor. */
export function refuseSelf(actor: UserActor, otherId: string, verb: "follow" | "block" | "mute"): void {
  if (actor.id === otherId) throw new TrivetError("unprocessable", `You cannot ${verb} yourself.`);
}
