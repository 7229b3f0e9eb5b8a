import { serviceSettings } from "@trivet/testing";

/** Overrides for a process that hashes passwords as production does. */
export const productionCost = { PASSWORD_COST: undefined };

/** The environment of the service under test. */
export const settings = {
  ...serviceSettings,
  AUTH_SECRET: "abcdef0123456789abcdef0123456789abcd",
  // What hashing itself promises is tested at `productionCost`.
  PASSWORD_COST: "8",
  ADMIN_EMAILS: "root@example.com, Chief@example.com",
};
