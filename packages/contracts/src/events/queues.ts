/** Where publishers send their events. */
export const eventsQueue = "events";

/** Where a subscriber finds the events that it listens to. */
export const inboxQueueOf = (service: string): string => `inbox-${service}`;

/** Where what a queue's consumer could not handle rests, until somebody looks at it. */
export const deadLetterQueueOf = (queue: string): string => `${queue}-dead`;

/** Deliveries of an event after the first; with the pauses between them they take some hours. */
export const inboxRetries = 20;
