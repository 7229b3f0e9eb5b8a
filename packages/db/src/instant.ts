import { customType } from "drizzle-orm/pg-core";

/**
 * A time, in and out as ISO 8601 in UTC, which is also how it leaves in JSON. Milliseconds, as in a JavaScript Date, so
 * that a time read from a row finds that row again.
 */
export const instant = customType<{ data: string; driverData: string }>({
  dataType: () => "timestamp(3) with time zone",
  fromDriver: (value) => new Date(value).toISOString(),
});
