import { uuidv7 } from "uuidv7";

/** A new UUIDv7 (RFC 9562): unique, and later ids sort after earlier ones. */
export const newId = (): string => uuidv7();
