import type { Deps } from "../deps.ts";

/** The service that makes a call; the contract lets nobody else in. */
export function callerOf({ invocation: { actor } }: Pick<Deps, "invocation">): string {
  if (actor.kind !== "service") throw new Error(`A call was served to ${actor.kind}.`);
  return actor.name;
}
