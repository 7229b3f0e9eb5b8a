import { ackWait } from "./connection.ts";
import type { Taken } from "./message.ts";

/** The messages that this process works on, of which it tells the server for as long as it lives. */
export interface Hands {
  take(taken: Taken): void;
  drop(taken: Taken): void;
  /** False for one of which the server has not heard for so long that it is somebody else's by now. */
  hold(taken: Taken): boolean;
  close(): void;
}

const beat = (ackWait * 1_000) / 4;

export function createHands(): Hands {
  /** When the server last heard of each. */
  const heard = new Map<Taken, number>();
  const hold = (taken: Taken): boolean =>
    performance.now() - (heard.get(taken) ?? Number.NEGATIVE_INFINITY) < ackWait * 1_000;
  const beats = setInterval(() => {
    for (const taken of heard.keys()) {
      if (hold(taken)) {
        taken.source.working();
        heard.set(taken, performance.now());
      } else {
        // This process was stopped for longer than the server waits.
        heard.delete(taken);
      }
    }
  }, beat);
  return {
    take: (taken) => void heard.set(taken, performance.now()),
    drop: (taken) => void heard.delete(taken),
    hold,
    close: () => clearInterval(beats),
  };
}
