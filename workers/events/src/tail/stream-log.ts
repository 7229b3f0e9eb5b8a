import type { Beyond } from "../log/read-beyond.ts";
import type { LoggedEvent } from "../schemas.ts";

/** Milliseconds. */
export interface Pace {
  /** Between two looks at the log. */
  poll: number;
  /** Between two signs of life. */
  heartbeat: number;
  /** For how long a reader may take nothing. */
  patience: number;
  /** After which the reader has to come again, with a token that is still good. */
  lifetime: number;
  /** After which it does. */
  retry: number;
}

export interface Tail {
  /** Everything after this position. */
  after: number;
  read(after: number): Promise<Beyond>;
  pace: Pace;
  /** Once, however it ends; with the fault where the log could not be read. */
  ended(fault?: unknown): void;
}

const encoder = new TextEncoder();

/**
 * The log from a position on, as server-sent events (HTML, 9.2) whose ids are positions. Whoever comes again with the
 * last id it saw misses nothing and sees nothing twice; comments bring an id, too, so that it need not begin far back.
 *
 * Nothing is read ahead: the log is asked when the reader has taken what it was given, so a slow one costs no memory. One
 * that takes nothing at all is given up.
 */
export function streamLog({ after, read, pace, ended }: Tail): ReadableStream<Uint8Array> {
  const endsAt = Date.now() + pace.lifetime;
  let [position, beatsAt, over] = [after, Date.now() + pace.heartbeat, false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wake = (): void => undefined;
  const end = (fault?: unknown): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    wake();
    ended(fault);
  };
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, pace.poll);
    });

  /** What comes next, or undefined when the time is up. */
  async function next(): Promise<string | undefined> {
    while (Date.now() < endsAt && !over) {
      const { events, upTo, isAll } = await read(position);
      position = upTo;
      const isDue = Date.now() >= beatsAt;
      if (events.length > 0 || isDue) {
        beatsAt = Date.now() + pace.heartbeat;
        return events.length > 0 ? events.map(shown).join("") : `: nothing new\nid: ${position}\n\n`;
      }
      if (isAll) await pause();
    }
    return undefined;
  }

  return new ReadableStream<Uint8Array>({
    start: (controller) => give(controller, `retry: ${pace.retry}\nid: ${position}\n\n`),
    async pull(controller) {
      clearTimeout(timer);
      let fault: unknown;
      const text = await next().catch((error: unknown) => {
        fault = error;
        return undefined;
      });
      if (over) return;
      if (text !== undefined) return give(controller, text);
      controller.enqueue(encoder.encode(`retry: ${pace.retry}\n\n`));
      controller.close();
      end(fault);
    },
    cancel: () => end(),
  });

  function give(controller: ReadableStreamDefaultController<Uint8Array>, text: string): void {
    controller.enqueue(encoder.encode(text));
    timer = setTimeout(() => {
      controller.error(new Error(`The reader took nothing for ${pace.patience} ms.`));
      end();
    }, pace.patience);
  }
}

const shown = (event: LoggedEvent): string => `id: ${event.position}\ndata: ${JSON.stringify(event)}\n\n`;
