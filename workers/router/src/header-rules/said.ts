import type { ServiceContext } from "@trivet/http";
import type { Said } from "./apply.ts";

/** As much of the caller as there are words for. */
interface Who {
  id: string | undefined;
  tier: string;
}

/** The words for placeholders, of one request. A service that calls has a name, and is no user. */
export const saidOf = <Deps>(c: ServiceContext<Deps>, { id, tier }: Who): Said => ({
  client_ip: c.req.header("cf-connecting-ip"),
  request_id: c.env.invocation.requestId,
  user_id: tier === "service" ? undefined : id,
});
