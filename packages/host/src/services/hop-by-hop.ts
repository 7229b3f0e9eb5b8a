import { endToEnd } from "@trivet/platform";

/**
 * Tells the headers that a connection of ours may carry on: what is end to end, less `host`, which
 * whoever opens the connection sets, and `upgrade`, which would change its protocol.
 */
export function carriedOn(connection: string | null | undefined): (name: string) => boolean {
  const passes = endToEnd(connection);
  return (name) => name !== "host" && name !== "upgrade" && passes(name);
}
