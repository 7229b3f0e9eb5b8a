import type { AddressInfo } from "node:net";
import { connect, createServer, type Server } from "node:net";

/** A relay in front of Postgres that writes down the statements that pass through it. */
export interface Wiretap {
  /** The database, by way of the relay. */
  connectionString: string;
  /** The texts of what has been executed since it was last asked, in order. */
  take(): string[];
  /** Takes no new connections; those there are go on until their pool is closed. */
  stop(): void;
}

export async function startWiretap(connectionString: string): Promise<Wiretap> {
  const url = new URL(connectionString);
  const { hostname, port } = url;
  let heard: string[] = [];
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
    const read = statementReader((text) => heard.push(text));
    client.on("data", read);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url.host = `127.0.0.1:${portOf(server)}`;
  return {
    connectionString: url.href,
    take() {
      const taken = heard;
      heard = [];
      return taken;
    },
    stop: () => void server.close(),
  };
}

/** Reads what a client sends (PostgreSQL, 54.7): Parse names a text, Bind runs it, Query is both. */
function statementReader(hear: (text: string) => void): (chunk: Buffer) => void {
  const texts = new Map<string, string>();
  let rest = Buffer.alloc(0);
  // The first message, which opens the connection, has no type.
  let typed = 0;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= typed + 4 && rest.length >= typed + rest.readUInt32BE(typed)) {
      const length = typed + rest.readUInt32BE(typed);
      const type = typed === 1 ? rest.toString("latin1", 0, 1) : "";
      const [first = "", second = ""] = rest.toString("utf8", typed + 4, length).split("\0");
      rest = rest.subarray(length);
      typed = 1;
      if (type === "P") texts.set(first, second);
      if (type === "B") hear(texts.get(second) ?? "a statement that was never parsed");
      if (type === "Q") hear(first);
    }
  };
}

/** A server that listens on TCP has an address with a port. */
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
