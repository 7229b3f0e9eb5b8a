/** RFC 9110, 7.6.1: these speak of one connection and end with it. */
const ownHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
]);

const isEndToEnd = (name: string): boolean => !ownHop.has(name);

/** Tells the headers that may go to the next hop; `Connection` may name further ones that may not. */
export function endToEnd(connection: string | null | undefined): (name: string) => boolean {
  if (!connection || connection === "keep-alive") return isEndToEnd;
  const named = new Set(connection.split(",").map((token) => token.trim().toLowerCase()));
  return (name) => !ownHop.has(name) && !named.has(name);
}
