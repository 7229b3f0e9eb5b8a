import postgres, { type Options } from "postgres";
import { clientFor } from "./client.ts";
import { readConnectionString } from "./connection-string.ts";
import { Pool } from "./pool.ts";
import { within } from "./within.ts";

/** A database for a process that lasts: SQL as text, and word from the server. Not for Workers. */
export interface LastingDatabase {
  /** Prepared once for each text. Lists are given as `arrayOf` them. Rejects within a second of the server's own limit. */
  query<Row>(text: string, values?: readonly QueryValue[]): Promise<Row[]>;
  /**
   * Hears what is notified on a channel until `close`, whatever becomes of the connection meanwhile. `missed` is called
   * whenever something may have been said that was not heard: at the beginning and after each loss.
   */
  listen(channel: string, heard: (payload: string) => void, missed: () => void): Listening;
  /** Lets statements under way finish. */
  close(): Promise<void>;
}

export interface Listening {
  close(): Promise<void>;
}

type QueryValue = string | number | boolean | null | Date | Uint8Array;

/** Settings of a connection that the queries of its owner are planned with. */
export type ConnectionDefaults = Readonly<Record<string, string | number>>;

const poolMax = 10;
const poolIdle = 60;
const connectTimeout = 3;
/** A connection that only listens looks the same alive and dead, so it is asked now and then. */
const listenCheck = 5_000;
const listenPause = 250;

/** Nothing is connected before the first statement. The connection string may say what `openDatabase` says it may. */
export function openLasting(
  connectionString: string,
  name: string,
  defaults: ConnectionDefaults = {},
): LastingDatabase {
  const { url, poolMax: max = poolMax, statementTimeout } = readConnectionString(connectionString);
  const patience = statementTimeout + 1_000;
  const connection = { ...defaults, application_name: `trivet ${name}`, statement_timeout: statementTimeout };
  const pool = new Pool({ url, max, patience, idleTimeout: poolIdle, connection });
  const client = clientFor(pool);
  const listening = new Set<Listening>();
  return {
    query: async (text, values = []) => rowsOf(await client.unsafe(text, [...values])),
    listen(channel, heard, missed) {
      const one = listen({ url, connection, patience }, channel, heard, missed);
      listening.add(one);
      return one;
    },
    async close() {
      await Promise.all([...listening].map((one) => one.close()));
      await pool.close();
    },
  };
}

/** The caller says what its own SQL selects. */
const rowsOf = <Row>(rows: readonly unknown[]): Row[] => rows as Row[];

interface Line {
  url: string;
  connection: Record<string, string | number>;
  patience: number;
}

/**
 * `sql.listen` of postgres.js 3.4.9 forgets its listeners when the server is away for longer than one attempt to
 * connect, and never finds out that a connection is dead. So LISTEN, which may be repeated, is the check, too.
 */
function listen(
  { url, connection, patience }: Line,
  channel: string,
  heard: (payload: string) => void,
  missed: () => void,
): Listening {
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current = open();

  function open() {
    let lost = true;
    const sql = postgres(url, {
      max: 1,
      connection: { ...connection, application_name: `${connection.application_name} listens` },
      connect_timeout: connectTimeout,
      fetch_types: false,
      onnotice: () => {},
      onclose: () => {
        lost = true;
        again(listenPause);
      },
      ...notified((_, payload) => heard(payload)),
    });
    const check = async (): Promise<void> => {
      await within(
        patience,
        sql.unsafe(`LISTEN "${channel}"`),
        () => new Error("The database did not answer in time."),
      );
      if (lost) missed();
      lost = false;
    };
    return { sql, check };
  }

  function again(milliseconds: number): void {
    clearTimeout(timer);
    if (!closed) timer = setTimeout(() => void check(), milliseconds);
  }

  async function check(): Promise<void> {
    try {
      await current.check();
      again(listenCheck);
    } catch {
      current.sql.end({ timeout: 0 }).catch(() => {});
      if (!closed) current = open();
      again(listenPause);
    }
  }

  void check();
  return {
    async close() {
      closed = true;
      clearTimeout(timer);
      await current.sql.end({ timeout: 1 });
    },
  };
}

/** An option that postgres.js has and its types do not mention. */
const notified = (onnotify: (channel: string, payload: string) => void): Options<Record<string, never>> =>
  ({ onnotify }) as Options<Record<string, never>>;

/** Texts without quotes, commas, braces and blanks, such as ids and numbers, as a Postgres array. */
export const arrayOf = (values: readonly (string | number)[]): string => `{${values.join(",")}}`;
