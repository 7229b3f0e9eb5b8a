import { clientAddress, type ServiceContext } from "@trivet/http";
import type { Deps } from "../deps.ts";
import type { Origin } from "../sessions/login.ts";

/** Where a request to enter an account comes from. */
export const originOf = async (c: Pick<ServiceContext<Deps>, "req" | "env">): Promise<Origin> => ({
  address: await clientAddress(c),
  userAgent: c.req.header("user-agent"),
});
