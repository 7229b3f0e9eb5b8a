/** How an answer came about, as RFC 9211 has it. */
export interface CacheStatus {
  /** Seconds that it is fresh for, of one that came from the cache; negative where it is stale. */
  ttl?: number;
  /** Why the service was asked. */
  forwarded?: "bypass" | "uri-miss" | "vary-miss" | "request" | "stale";
  /** What it said, where that is not what is answered. */
  forwardStatus?: number | undefined;
  stored?: boolean;
  /** Whether another request's answer was waited for. */
  collapsed?: boolean;
  detail?: string;
}

/** The value of `Cache-Status`. */
export function statusText({ ttl, forwarded, forwardStatus, stored, collapsed, detail }: CacheStatus): string {
  let text = "trivet";
  if (ttl !== undefined && forwarded === undefined) text += "; hit";
  if (forwarded !== undefined) text += `; fwd=${forwarded}`;
  if (forwardStatus !== undefined) text += `; fwd-status=${forwardStatus}`;
  if (ttl !== undefined) text += `; ttl=${Math.floor(ttl)}`;
  if (stored) text += "; stored";
  if (collapsed) text += "; collapsed";
  if (detail !== undefined) text += `; detail="${detail}"`;
  return text;
}
