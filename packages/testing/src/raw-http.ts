import { once } from "node:events";
import { connect } from "node:net";

/** What came back for bytes that no HTTP client would send. */
export interface RawAnswer {
  /** Undefined when the connection was closed without an answer. */
  status: number | undefined;
  text: string;
}

const patience = 20_000;

/** Writes bytes to a server, and with `end` nothing more; reads until it answers or closes, and rejects when it hangs. */
export async function sendRaw(url: string, bytes: string | Uint8Array, { end = false } = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.setTimeout(patience, () => socket.destroy(new Error(`No answer and no end within ${patience} ms.`)));
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    // One answer is all that is asked for; servers keep the connection open after it.
    if (isWhole(Buffer.concat(chunks).toString("latin1"))) socket.destroy();
  });
  const closed = once(socket, "close");
  socket.on("error", () => {});
  let failure: unknown;
  socket.on("error", (error) => {
    failure = error;
  });
  await once(socket, "connect");
  socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  if (end) socket.end();
  await closed;
  const text = Buffer.concat(chunks).toString("latin1");
  if (text === "" && failure instanceof Error && failure.message.startsWith("No answer")) throw failure;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  return { status: status === undefined ? undefined : Number(status), text };
}

function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return false;
  const head = text.slice(0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return text.length >= end + 4 + Number(length);
  return /\r\ntransfer-encoding: *chunked/i.test(head) ? text.endsWith("0\r\n\r\n") : false;
}
