import type { EventName } from "./catalogue.ts";

/** Days for which an inbox knows what it has taken effect of: what comes again within them changes nothing. */
export const inboxMemoryDays = 30;

/** Of those who know repeats in a way of their own. */
const otherMemories: Readonly<Record<string, number>> = {
  analytics: 8,
};

/** Days for which a subscriber drops what comes again. */
export const memoryDaysOf = (subscriber: string): number =>
  Object.hasOwn(otherMemories, subscriber) ? (otherMemories[subscriber] ?? inboxMemoryDays) : inboxMemoryDays;

/**
 * Events that a subscriber may handle once more at any time, also as if they were new: because of what its handlers leave
 * alone, not because it remembers. A test gives them every one of these again under another id.
 */
export const repeatable: Readonly<Record<string, readonly EventName[]>> = {
  users: ["user.created", "user.deleted"],
};
