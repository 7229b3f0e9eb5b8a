import { malformed } from "./fault.ts";

/** Passes on exactly `length` bytes: an answer that has fewer or more must not look like a complete one. */
export function exactly(
  length: number,
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = source.getReader();
  let passed = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const next = await reader.read();
          passed += next.value?.byteLength ?? 0;
          if (next.done ? passed < length : passed > length) {
            await reader.cancel().catch(() => undefined);
            throw malformed(`with ${next.done ? "fewer" : "more"} bytes than the ${length} it announced`);
          }
          if (next.done) controller.close();
          else controller.enqueue(next.value);
        } catch (error) {
          controller.error(error);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

export const noBytes = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({ start: (controller) => controller.close() });
