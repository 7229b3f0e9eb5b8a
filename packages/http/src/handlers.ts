import type { MessageBatch, QueueMessage, ScheduledController } from "@trivet/platform";

/**
 * What a service does at the ticks of a cron. It may run again for a tick, after a failure or because the process
 * died in the middle of it, so a repeat must be harmless.
 */
export type CronHandler<Deps> = (deps: Deps, tick: ScheduledController) => Promise<void>;

/**
 * What a service does with a message of a queue, or with a batch of them at once. It may be given a message again,
 * after a failure or because the process died in the middle of it, so a repeat must be harmless.
 */
export type QueueHandler<Deps> =
  | ((deps: Deps, message: QueueMessage) => Promise<void>)
  | {
      each(deps: Deps, message: QueueMessage): Promise<void>;
      /** Seconds until the next delivery, by the attempts there have been; the consumer's `retry_delay` otherwise. */
      retryAfter(attempts: number): number;
    }
  | { batch(deps: Deps, batch: MessageBatch): Promise<void> };
