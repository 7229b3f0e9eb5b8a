import { setImmediate } from "node:timers/promises";

const none = new Uint8Array();

/** A body's bytes, where it is over with its first chunk as one that was made of text is; else the body, still whole. */
export async function takeWhole(body: ReadableStream<Uint8Array>): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const first = await reader.read();
  if (first.done) return none;
  const next = reader.read();
  const soon = await Promise.race([next, setImmediate(undefined)]);
  if (soon?.done) return first.value;
  return continued(first.value, next, reader);
}

function continued(
  first: Uint8Array,
  second: Promise<ReadableStreamReadResult<Uint8Array>>,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let next: Promise<ReadableStreamReadResult<Uint8Array>> | undefined = second;
  second.catch(() => undefined);
  return new ReadableStream({
    start: (controller) => controller.enqueue(first),
    async pull(controller) {
      const { done, value } = await (next ?? reader.read());
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
