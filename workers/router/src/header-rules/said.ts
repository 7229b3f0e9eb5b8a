import type { ServiceContext } from "@trivet/http";
import type { Caller } from "../caller.ts";
import type { Said } from "./apply.ts";

/** The words for placeholders, of one request. A service that calls has a name, and is no user. */
export const saidOf = <Deps>(c: ServiceContext<Deps>, { id, tier }: Caller): Said => ({
  client_ip: c.req.header("cf-connecting-ip"),
  request_id: c.env.invocation.requestId,
  user_id: tier === "service" ? undefined : id,
});
