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
  /** Whether answers are compressed: at the public door, where they leave for a network. */
  compresses?: boolean;
  /** Whether other processes of the same parent listen here too. */
  shared?: boolean;
  /** On Node: how long a client may take; Bun has a limit of silence alone (`keepAliveSeconds`). */
  patience?: Patience;
}

/** Milliseconds. */
export interface Patience {
  /** For the head of a request. */
  head: number;
  /** For the whole of it, body included: generous to slow uploads, and an end for those who only dribble. */
  request: number;
}

export const usualPatience: Patience = { head: 15_000, request: 900_000 };

/** An open port. */
export interface Server {
  readonly port: number;
  /**
   * Takes no new connections, answers what is under way with `Connection: close`, ends event streams, and resolves when
   * the last connection is gone; whatever is left when `deadline` aborts is cut.
   */
  drain(deadline: AbortSignal): Promise<void>;
}

export type OpenServer = (options: ServerOptions) => Promise<Server>;

/** Longer than the idle limits of the usual proxies (60 to 75 s), so that it is the proxy who closes first. */
export const keepAliveSeconds = 90;
/** Request line and headers together. */
export const maxHeaderSize = 32 * 1024;
/** Longest path with query that is answered; a longer one is 414. */
export const maxTargetLength = 8 * 1024;
/** How long idle connections are kept while draining: their next request is answered, with a goodbye. */
export const farewell = 500;
