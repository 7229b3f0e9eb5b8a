import { clientAddress, type ServiceContext } from "@trivet/http";
import type { Deps } from "../deps.ts";
import type { Origin } from "../ingest/sender.ts";

/** What the headers of a request say of who sends it. */
export async function sentFrom(
  c: Pick<ServiceContext<Deps>, "req" | "env">,
  site: string | undefined,
): Promise<Origin> {
  return {
    site,
    origin: c.req.header("origin"),
    untracked: c.req.header("dnt") === "1" || c.req.header("sec-gpc") === "1",
    address: site === undefined ? undefined : await clientAddress(c),
    userAgent: c.req.header("user-agent") ?? "",
  };
}
