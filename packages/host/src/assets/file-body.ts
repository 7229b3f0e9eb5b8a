import { open } from "node:fs/promises";

const wholeUpTo = 64 * 1024;
const chunkSize = 64 * 1024;

/** The bytes `start` to `end`, inclusive: in one piece when they are few, else read as they are wanted. */
export async function fileBody(path: string, start: number, end: number): Promise<BodyInit | null> {
  const length = end - start + 1;
  if (length <= 0) return null;
  const file = await open(path);
  if (length <= wholeUpTo) {
    try {
      const { buffer, bytesRead } = await file.read(new Uint8Array(length), 0, length, start);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }
  let position = start;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const wanted = Math.min(chunkSize, end - position + 1);
        const { buffer, bytesRead } = await file.read(new Uint8Array(wanted), 0, wanted, position);
        position += bytesRead;
        if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead));
        if (bytesRead > 0 && position <= end) return;
        await file.close();
        // A file that shrank while it was read must not look like a complete answer.
        if (position > end) controller.close();
        else controller.error(new Error(`${path} became shorter while it was sent`));
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  );
}
