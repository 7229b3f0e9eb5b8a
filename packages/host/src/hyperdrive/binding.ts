import type { DatabaseBinding, Keep } from "@trivet/platform";

/** What Cloudflare's Hyperdrive binding tells a Worker, and `keep`, which only a lasting process can offer. */
export interface HyperdriveBinding extends DatabaseBinding {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly keep: Keep;
}

const postgresPort = 5432;

export function hyperdriveBinding(connectionString: string, keep: Keep): HyperdriveBinding {
  const url = new URL(connectionString);
  return {
    connectionString,
    host: url.hostname,
    port: url.port === "" ? postgresPort : Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    keep,
  };
}
