/** The little of Bun that the host uses beyond the Web and Node interfaces it implements. */
declare const Bun: {
  serve(options: {
    hostname: string;
    port: number;
    /** Lets other processes that say so too listen here; Linux deals connections out among them. */
    reusePort: boolean;
    idleTimeout: number;
    maxRequestBodySize: number;
    fetch(request: Request, server: BunServer): Response | Promise<Response>;
    error(error: unknown): Response;
  }): BunServer;
};

interface BunServer {
  readonly port: number;
  requestIP(request: Request): { address: string } | null;
  /** Seconds this request's connection may be silent; 0 for as long as it likes. */
  timeout(request: Request, seconds: number): void;
  /** Closes the port and resolves when the last request is answered; `true` cuts those under way. */
  stop(closeActiveConnections?: boolean): Promise<void>;
}
