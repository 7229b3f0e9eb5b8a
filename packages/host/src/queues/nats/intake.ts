import type { Consumer, JsMsg } from "@nats-io/jetstream";

/** How a consumer's messages come in. */
export interface Intake {
  /** How many that were asked for may still come. */
  readonly due: number;
  /** Asks for up to `count`, now or as soon as they are there; not while others are due. */
  ask(count: number): void;
  /** What went wrong since this was last called. */
  failure(): { error: unknown } | undefined;
}

/** How long the server keeps a request before it has to be made again. */
const longPoll = 10_000;

/** `admit` is called with each message, `heard` after each and when no more is due. */
export function createIntake(
  open: () => Promise<Consumer>,
  admit: (message: JsMsg) => void,
  heard: () => void,
): Intake {
  let consumer: Promise<Consumer> | undefined;
  let due = 0;
  let failed: { error: unknown } | undefined;
  const opened = (): Promise<Consumer> => {
    consumer ??= open();
    return consumer;
  };
  const receive = async (count: number): Promise<void> => {
    const messages = await (await opened()).fetch({ max_messages: count, expires: longPoll });
    for await (const message of messages) {
      due -= 1;
      admit(message);
      heard();
    }
  };
  return {
    get due() {
      return due;
    },
    ask(count) {
      if (due > 0) return;
      due = count;
      receive(count)
        .catch((error: unknown) => {
          consumer = undefined;
          failed = { error };
        })
        .finally(() => {
          due = 0;
          heard();
        });
    },
    failure() {
      const error = failed;
      failed = undefined;
      return error;
    },
  };
}
