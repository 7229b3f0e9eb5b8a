import type { QueueContentType } from "@trivet/platform";

/** A body as it is stored. */
export interface Parcel {
  contentType: QueueContentType;
  body: Uint8Array;
}

/** A message on its way into a queue. */
export interface Outgoing extends Parcel {
  delaySeconds: number;
}

/** A message in the hands of a consumer, until it is settled. */
export interface Delivery extends Parcel {
  id: string;
  /** When it was sent, in Unix milliseconds. */
  sentAt: number;
  /** 1 at the first delivery. */
  attempts: number;
  /** Of a dead letter: what its last attempt failed of. */
  cause: string | undefined;
}

/** What becomes of a delivery. */
export type Verdict =
  | { kind: "ack" }
  | { kind: "retry"; delaySeconds: number }
  /** No further attempt: to the dead-letter queue with what went wrong, or dropped where there is none. */
  | { kind: "dead"; to: string | undefined; cause: string };

/** What keeps messages between producers and consumers. What is not in here is done once, above the drivers. */
export interface QueueDriver {
  /** Resolves when all of them are stored durably, rejects when none is known to be. */
  send(queue: string, messages: readonly Outgoing[]): Promise<void>;
  /** Begins to hold messages of a queue for this process. */
  consume(queue: string, batches: Batches): Subscription;
  depth(queue: string): Promise<Depth>;
  /** As `metrics()` of a producer tells it. */
  backlog(queue: string): Promise<Backlog>;
  /** The oldest messages that wait in a queue, for people to look at. They stay where they are. */
  browse(queue: string, count: number): Promise<Letter[]>;
  /** Sends the dead letters of a queue back to where they came from, as messages never tried; resolves to how many. */
  redrive(queue: string): Promise<number>;
  close(): Promise<void>;
}

/** What a consumer makes of messages. */
export interface Batches {
  /** Messages in one, at most. */
  size: number;
  /** Under way at a time, in all processes together; undefined where nothing bounds them. */
  most: number | undefined;
}

/** All that a queue holds, with what is in the hands of consumers; the count ends at `depthLimit`, and with it the rest. */
export interface Backlog {
  messages: number;
  /** Of their bodies; JetStream counts with them what it keeps beside. */
  bytes: number;
  /** When the oldest was sent, in Unix milliseconds. */
  oldestSentAt: number | undefined;
}

/** How many messages a queue holds; each count ends at `depthLimit`. */
export interface Depth {
  waiting: number;
  /** In the hands of consumers. JetStream counts among them what waits for a delay. */
  held: number;
}

/** Whoever counts further would hold up whom he watches. */
export const depthLimit = 100_000;

/** A message as it lies in a queue. */
export interface Letter extends Parcel {
  id: string;
  sentAt: number;
  /** Of a dead letter: the queue it comes from, and what its last attempt failed of. */
  origin: string | undefined;
  cause: string | undefined;
}

/** A consumer's hold on a queue: what it receives is nobody else's while this process lives, and for a lease after. */
export interface Subscription {
  /**
   * Resolves with the messages of 1 to `batches` batches, oldest first, as soon as there are any; with none once `signal`
   * is aborted. Each of these batches counts as under way until it is `ended`.
   */
  receive(batches: number, signal: AbortSignal): Promise<Delivery[]>;
  /** Likewise 1 to `count` messages for a batch that has been received in part. */
  receiveMore(count: number, signal: AbortSignal): Promise<Delivery[]>;
  /** A batch is no longer under way. Never rejects. */
  ended(): Promise<void>;
  /** Whether a delivery is still ours; false when the lease was lost, and it may be someone else's by now. */
  holds(delivery: Delivery): boolean;
  /** Resolves to whether the verdict was taken; false when the delivery was not ours any more. */
  settle(delivery: Delivery, verdict: Verdict): Promise<boolean>;
  /** Gives back what was received and not handled, as if it had never been. */
  release(deliveries: readonly Delivery[]): Promise<void>;
  close(): Promise<void>;
}
