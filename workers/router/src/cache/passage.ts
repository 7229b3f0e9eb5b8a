import type { Invocation } from "@trivet/platform";
import type { Asked } from "./asked.ts";
import type { ResponseCache } from "./response-cache.ts";

/** A request on its way through the cache. */
export interface Passage {
  cache: ResponseCache;
  asked: Asked;
  /** Asks the service what the client has asked, or this instead. */
  ask(sent?: Pick<Request, "method" | "headers" | "signal">): Promise<Response>;
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal;
  /** Whether an answer to this request may be everybody's, as far as the request goes. */
  isUsual(): boolean;
  /** Whether the service is well: in front of an open circuit nobody waits, not even for the probe. */
  mayWait(): boolean;
  invocation: Invocation;
  /** Milliseconds that one request waits for another's answer. */
  patience: number;
}
