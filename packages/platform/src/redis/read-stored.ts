import type { z } from "zod";
import { TrivetError } from "../errors.ts";
import type { Redis } from "./client.ts";

/** The value under a key, undefined when there is none, and `corrupt_data` when it is not what `schema` says. */
export async function readStored<T>(
  redis: Pick<Redis, "get">,
  key: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  const stored = await redis.get<unknown>(key);
  if (stored === null) return undefined;
  const read = schema.safeParse(stored);
  if (read.success) return read.data;
  // The key and what was expected, but nothing of the value: it may be anybody's secret.
  const issues = read.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  throw new TrivetError("corrupt_data", undefined, {
    cause: new Error(`The value of ${key} is not as expected: ${issues}`),
  });
}
