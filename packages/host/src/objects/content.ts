import { SourceFailure } from "./refusal.ts";

/** Bytes to be stored, read once. */
export interface Content {
  /** All of them, where they are in memory anyway. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  chunks(): AsyncIterable<Uint8Array>;
  /** Lets go of bytes that nobody will read. */
  discard(reason: unknown): Promise<void>;
}

const inMemoryUpTo = 64 * 1024;

/** What `put` and `uploadPart` take as a value. `method` is for the message of a `TypeError`. */
export async function contentOf(value: unknown, method: string): Promise<Content> {
  if (typeof value === "string") return wholeContent(new TextEncoder().encode(value));
  // Copies, because the caller may change its bytes before the last of them is stored.
  if (value instanceof ArrayBuffer) return wholeContent(new Uint8Array(value.slice(0)));
  if (ArrayBuffer.isView(value)) {
    return wholeContent(new Uint8Array(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)));
  }
  if (value instanceof Blob) {
    return value.size <= inMemoryUpTo
      ? wholeContent(new Uint8Array(await value.arrayBuffer()))
      : streamedContent(value.stream());
  }
  if (value instanceof ReadableStream) {
    if (value.locked) throw new TypeError("The ReadableStream has been locked to a reader.");
    return streamedContent(value);
  }
  throw new TypeError(
    `${method}: the value must be a ReadableStream, an ArrayBuffer, an ArrayBufferView, a string or a Blob.`,
  );
}

export function wholeContent(bytes: Uint8Array<ArrayBuffer>): Content {
  return {
    bytes,
    async *chunks() {
      yield bytes;
    },
    discard: () => Promise.resolve(),
  };
}

function streamedContent(stream: ReadableStream<unknown>): Content {
  // Locked at once, as on Workers: from here on the stream is the bucket's.
  const reader = stream.getReader();
  let ended = false;
  const discard = async (reason: unknown): Promise<void> => {
    if (ended) return;
    ended = true;
    await reader.cancel(reason).catch(() => undefined);
  };
  return {
    discard,
    async *chunks() {
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) yield bytesOf(next.value);
        ended = true;
      } catch (error) {
        throw new SourceFailure(error);
      } finally {
        await discard(new Error("The stream was not stored"));
      }
    },
  };
}

function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  throw new TypeError("A stream to be stored must be one of bytes.");
}
