/** One HTTP request with all of its body at hand, be it in a file. */
export interface Message {
  url: URL;
  method: string;
  /** `content-length` is the transport's to state. */
  headers: Headers;
  body: Payload | undefined;
}

export type Payload = { bytes: Uint8Array<ArrayBuffer> } | { path: string; size: number };

/**
 * Sends a message and hands the answer's bytes on as they came, whatever their encoding says. An abort of
 * `signal` ends the exchange, also while the answer is read.
 */
export interface Transport {
  send(message: Message, signal: AbortSignal): Promise<Response>;
  close(): Promise<void>;
}

export const payloadSize = (payload: Payload): number => ("bytes" in payload ? payload.bytes.byteLength : payload.size);
