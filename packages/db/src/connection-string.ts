/** What a connection string says to us; the rest of its query is for the driver and the server. */
export interface ConnectionSettings {
  /** The string without our own settings, which the server would refuse as unknown parameters. */
  url: string;
  /** `pool_max`: connections per process. */
  poolMax: number | undefined;
  /** `statement_timeout` in milliseconds, which the server reads too. */
  statementTimeout: number;
}

export const defaultStatementTimeout = 4_000;

/** By pattern, since `new URL` refuses the lists of hosts that Postgres allows. */
export function readConnectionString(text: string): ConnectionSettings {
  const poolMax = /[?&]pool_max=(\d+)/.exec(text)?.[1];
  const timeout = /[?&]statement_timeout=(\d+)(?:&|$)/.exec(text)?.[1];
  return {
    url: text.replace(/(?<=[?&])pool_max=\d+&?/, "").replace(/[?&]$/, ""),
    poolMax: poolMax === undefined ? undefined : Math.max(1, Number(poolMax)),
    statementTimeout: timeout === undefined ? defaultStatementTimeout : Number(timeout),
  };
}
