import { type AnonymousActor, TrivetError, type UserActor } from "@trivet/platform";
import type { Deps } from "../deps.ts";
import { visitorOf } from "./visitor.ts";

/** What a request says of who sends it. */
export interface Origin {
  /** The key of a site, from the query. */
  site: string | undefined;
  /** The `Origin` of the page. */
  origin: string | undefined;
  /** `DNT: 1` or `Sec-GPC: 1`. */
  untracked: boolean;
  address: string | undefined;
  userAgent: string;
}

/** Who sends events, as they are stored. */
export interface Sender {
  /** Null where nobody may be told apart from others. */
  visitor: string | null;
  source: string;
  /** Within this, an id names one event. */
  scope: string;
}

/**
 * Whom events come from. A user needs a token; without one, the key of a site and a page of that site are needed. Throws
 * `unauthenticated` for anybody else, `forbidden` for another page. Who asks not to be tracked is counted, not known.
 */
export async function senderOf(
  deps: Deps,
  actor: UserActor | AnonymousActor,
  sent: Origin,
  now: Date,
): Promise<Sender> {
  const site = deps.env.ANALYTICS_SITES.find(({ key }) => key === sent.site);
  if (actor.kind === "user" && sent.site === undefined) {
    return { visitor: sent.untracked ? null : actor.id, source: "user", scope: `user:${actor.id}` };
  }
  if (!site) {
    throw new TrivetError("unauthenticated", "Send a valid access token, or the key of a known site as `site`.");
  }
  if (sent.origin === undefined || !site.origins.includes(sent.origin)) {
    throw new TrivetError("forbidden", "The page's `Origin` is none of those that may use this site's key.");
  }
  const source = `site:${site.name}`;
  return { visitor: await siteVisitor(deps, actor, site.name, sent, now), source, scope: source };
}

async function siteVisitor(
  deps: Deps,
  actor: UserActor | AnonymousActor,
  site: string,
  { untracked, address, userAgent }: Origin,
  now: Date,
): Promise<string | null> {
  if (untracked) return null;
  if (actor.kind === "user") return actor.id;
  return address === undefined ? null : await visitorOf(deps, { site, address, userAgent }, now);
}
