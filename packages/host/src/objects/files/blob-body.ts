import { close, open, read } from "node:fs";
import { promisify } from "node:util";
import type { ByteRange } from "../driver.ts";

const wholeUpTo = 64 * 1024;
const chunkSize = 64 * 1024;

const openFile = promisify(open);
const closeFile = promisify(close);
const readFile = promisify(read);

/** A body that is let go of unread would keep its file open for good. */
const forgotten = new FinalizationRegistry<OpenFile>((file) => void file.close());

interface OpenFile {
  descriptor: number;
  close(): Promise<void>;
}

/**
 * The bytes of a range, read as they are wanted. The file is open when this resolves, so that it can be
 * read to the end though somebody removes it.
 */
export async function blobBody(
  path: string,
  { offset, length }: ByteRange,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const file = ownFile(await openFile(path, "r"));
  if (length <= wholeUpTo) {
    try {
      return streamOf(await readWhole(file.descriptor, offset, length));
    } finally {
      await file.close();
    }
  }
  const end = offset + length;
  let position = offset;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const chunk = await readSome(file.descriptor, position, Math.min(chunkSize, end - position));
          position += chunk.byteLength;
          controller.enqueue(chunk);
          if (position < end) return;
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        await file.close();
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
  forgotten.register(body, file);
  return body;
}

function ownFile(descriptor: number): OpenFile {
  let closed = false;
  return {
    descriptor,
    async close() {
      if (closed) return;
      closed = true;
      await closeFile(descriptor);
    },
  };
}

async function readSome(descriptor: number, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(length);
  const { bytesRead } = await readFile(descriptor, buffer, 0, length, position);
  // A shorter body must not look like a complete one.
  if (bytesRead === 0) throw new Error("The file of an object is shorter than the object");
  return buffer.subarray(0, bytesRead);
}

async function readWhole(descriptor: number, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(length);
  for (let filled = 0; filled < length; ) {
    const some = await readSome(descriptor, offset + filled, length - filled);
    whole.set(some, filled);
    filled += some.byteLength;
  }
  return whole;
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
