import { z } from "zod";

export type Json = z.core.util.JSONType;

/**
 * Any JSON, for answers, and for what has been read from JSON text: which guarantees that it is nothing else, as nothing
 * is checked. `z.json()` checks it, and recurs, which no OpenAPI document is made of.
 */
export const anyJson = z.unknown() as unknown as z.ZodType<Json>;
