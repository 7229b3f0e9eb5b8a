import { once } from "node:events";
import { setImmediate } from "node:timers/promises";
import type { Encoding } from "./accepted.ts";
import { type Coder, codecs } from "./coders.ts";

type Read = Promise<ReadableStreamReadResult<Uint8Array>>;

/**
 * The encoded form of a body, as it comes: what there is goes out when nothing more follows at once, and no more is read
 * than the client takes.
 */
export function encodeStream(body: ReadableStream<Uint8Array>, encoding: Encoding): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const { stream, flush } = codecs[encoding];
  const coder = stream();
  let next: Read | undefined;
  let produced = 0;
  let isHeldBack = false;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      coder.on("data", (chunk: Uint8Array) => {
        produced += 1;
        controller.enqueue(chunk);
      });
    },
    async pull(controller) {
      const before = produced;
      try {
        while (produced === before) {
          next ??= reader.read();
          if (isHeldBack && !(await isThere(next))) {
            await flushed(coder, flush);
            isHeldBack = false;
            continue;
          }
          const { done, value } = await next;
          next = undefined;
          if (done) {
            await ended(coder);
            return controller.close();
          }
          await written(coder, value);
          isHeldBack = true;
        }
      } catch (error) {
        coder.destroy();
        throw error;
      }
    },
    async cancel(reason) {
      coder.destroy();
      next?.catch(() => undefined);
      await reader.cancel(reason);
    },
  });
}

/** Whether it has come by the end of this turn of the event loop. */
const isThere = (next: Read): Promise<boolean> =>
  Promise.race([
    next.then(
      () => true,
      () => true,
    ),
    setImmediate(false),
  ]);

const written = (coder: Coder, chunk: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    coder.write(chunk, (error) => (error ? reject(error) : resolve()));
  });

const flushed = (coder: Coder, kind: number): Promise<void> => new Promise((resolve) => coder.flush(kind, resolve));

async function ended(coder: Coder): Promise<void> {
  const end = once(coder, "end");
  coder.end();
  await end;
}
