export { batched } from "./batched.ts";
export { databaseFault, isUniqueViolation } from "./faults.ts";
export { type Inbox, inboxTable, once } from "./inbox.ts";
export { type Database, openDatabase, type Transaction } from "./open.ts";
export { type Outbox, outboxTable, publish } from "./outbox.ts";
export { pingDatabase } from "./ping.ts";
export { prepared } from "./prepared.ts";
export { type RelayOptions, type RelayOutcome, relay } from "./relay.ts";
export { transaction } from "./transaction.ts";
