import type { InvocationContext, WorkerModule } from "@trivet/platform";
import type { TrustedProxies } from "./client-address.ts";

/** What a port answers with, and for whom. */
export interface ServerOptions {
  hostname: string;
  /** 0 lets the system choose. */
  port: number;
  worker: WorkerModule<unknown>;
  env: unknown;
  context: InvocationContext;
  trusted: TrustedProxies;
  /** Whether other processes of the same parent listen here too. */
  shared?: boolean;
}

/** An open port. */
export interface Server {
  readonly port: number;
  /**
   * Takes no new connections, answers what is under way with `Connection: close`, and resolves when the
   * last connection is gone; whatever is left when `deadline` aborts is cut.
   */
  drain(deadline: AbortSignal): Promise<void>;
}

export type OpenServer = (options: ServerOptions) => Promise<Server>;

/** Longer than the idle limits of the usual proxies (60 to 75 s), so that it is the proxy who closes first. */
export const keepAliveSeconds = 90;
/** How long a client may take to send the head of a request. */
export const headersTimeout = 15_000;
/** How long the whole request may take, body included: generous to slow uploads, and an end for those who only dribble. */
export const requestTimeout = 900_000;
/** Request line and headers together. */
export const maxHeaderSize = 32 * 1024;
/** Longest path with query that is answered; a longer one is 414. */
export const maxTargetLength = 8 * 1024;
/** How long idle connections are kept while draining: their next request is answered, with a goodbye. */
export const farewell = 500;
