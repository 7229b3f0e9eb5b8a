import type { Consumer, ConsumerMessages, JsMsg } from "@nats-io/jetstream";

/** How a consumer's messages come in: as many as are asked for, and those that came too late for who asked. */
export interface Intake {
  /** Asks for one message, unless that has been asked for; `heard` is called when there is an answer. */
  ask(): void;
  /** Up to `count` that are there now. */
  fetch(count: number): Promise<void>;
  /** What went wrong since this was last called. */
  failure(): { error: unknown } | undefined;
}

/** How long the server keeps a request for the next message. */
const longPoll = 10_000;
const shortestPull = 1_000;
/** Others may have taken what the server counted; what does not come at once is not waited for. */
const gap = 5;

export function createIntake(
  open: () => Promise<Consumer>,
  admit: (message: JsMsg) => void,
  heard: () => void,
): Intake {
  let consumer: Promise<Consumer> | undefined;
  let asking = false;
  let failed: { error: unknown } | undefined;
  const fail = (error: unknown): void => {
    consumer = undefined;
    failed = { error };
  };
  const opened = (): Promise<Consumer> => {
    consumer ??= open();
    return consumer;
  };
  const next = async (): Promise<void> => {
    const message = await (await opened()).next({ expires: longPoll });
    if (message) admit(message);
  };
  return {
    ask() {
      if (asking) return;
      asking = true;
      next()
        .catch(fail)
        .finally(() => {
          asking = false;
          heard();
        });
    },
    async fetch(count) {
      const messages = await (await opened()).fetch({ max_messages: count, expires: shortestPull });
      await untilGap(messages, admit).catch(fail);
    },
    failure() {
      const error = failed;
      failed = undefined;
      return error;
    },
  };
}

/** Resolves when no more comes at once. What still comes then is admitted all the same. */
function untilGap(messages: ConsumerMessages, admit: (message: JsMsg) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let timer = setTimeout(resolve, gap * 4);
    const drain = async (): Promise<void> => {
      for await (const message of messages) {
        admit(message);
        clearTimeout(timer);
        timer = setTimeout(resolve, gap);
      }
    };
    drain()
      .then(resolve, reject)
      .finally(() => clearTimeout(timer));
  });
}
