import { TrivetError } from "@trivet/platform";
import postgres from "postgres";
import { isConnectionLoss } from "./faults.ts";

export interface PoolOptions {
  url: string;
  /** The most connections, and so the most statements and transactions under way. */
  max: number;
  /** Milliseconds after which a statement that has not been answered is given up. */
  patience: number;
  /** Seconds after which an unused connection is closed. */
  idleTimeout: number;
  /** Run-time parameters sent when a connection starts. */
  connection: Record<string, string | number>;
}

/** How values cross the wire, by type oid; drizzle fills them in once, every client then shares them. */
export interface Codecs {
  parsers: Record<number, unknown>;
  serializers: Record<number, unknown>;
}

interface Line {
  sql: postgres.Sql;
  free: number;
  /** Answers that have come through, errors of the server included. */
  heard: number;
  /** Turns whose caller has gone while the server still owes an answer. */
  abandoned: number;
}

/** The right to use one connection, until `done`. */
export interface Turn {
  sql: postgres.Sql;
  /** An answer came. */
  heard(): void;
  /** A statement failed: an answer too, if it is the server that says so. */
  failed(error: unknown): void;
  /** The caller stops waiting. */
  giveUp(): TrivetError;
  done(): void;
}

interface Waiter {
  admit(line: Line): void;
  timer: ReturnType<typeof setTimeout>;
}

/** Beyond this many different texts, such as inserts of ever other sizes, statements go out unprepared. */
const preparedLimit = 1_000;
const connectTimeout = 3;
/** For statements still under way on connections that are being replaced. */
const retireTimeout = 5;
/** At a shutdown all work is done, so what does not close at once is dead. */
const closeTimeout = 2;

/**
 * postgres.js behind a queue of our own, so that a database which accepts and never answers costs a
 * caller at most `patience`, and is forgotten once it is back:
 *
 * - Who waits for a connection in vain leaves the queue and nothing is sent later on his behalf. In
 *   the driver's own queue he would wait as long as the driver does.
 * - A statement never queues behind another one on the same connection, so a slow one delays nobody.
 * - When a statement is given up and nothing at all was heard since it was sent, the connections are
 *   taken for dead (TCP alone needs minutes to notice) and the next caller gets fresh ones.
 * - So they are when one of them breaks: postgres.js 3.4.9 can be left with a half-written message
 *   for that connection, which it then never uses again without a timeout.
 */
export class Pool {
  readonly codecs: Codecs = { parsers: {}, serializers: {} };
  readonly patience: number;
  readonly #options: PoolOptions;
  readonly #waiting: Waiter[] = [];
  readonly #texts = new Set<string>();
  #line: Line | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.patience = options.patience;
  }

  /** Waits for a connection to come free. Throws `unavailable` when none does in time. */
  async turn(): Promise<Turn> {
    this.#line ??= this.#connect();
    if (this.#line.free === 0) return this.#turnOn(await this.#admission());
    this.#line.free -= 1;
    return this.#turnOn(this.#line);
  }

  /**
   * drizzle asks for unprepared statements, for which postgres.js needs two round trips each time and
   * which Hyperdrive may not answer at all (cloudflare/cloudflare-docs#33555). A prepared one needs
   * two the first time and one from then on. A connection string with `prepare=false` turns it off.
   */
  prepares(text: string): boolean {
    if (this.#texts.has(text)) return true;
    if (this.#texts.size >= preparedLimit) return false;
    this.#texts.add(text);
    return true;
  }

  /** Lets statements under way finish, then closes; what comes later is refused. */
  async close(): Promise<void> {
    await this.#line?.sql.end({ timeout: closeTimeout });
  }

  #turnOn(line: Line): Turn {
    const heardBefore = line.heard;
    let abandoned = false;
    const heard = () => {
      line.heard += 1;
    };
    return {
      sql: line.sql,
      heard,
      failed: (error) => {
        if (error instanceof postgres.PostgresError) heard();
        else if (isConnectionLoss(error)) this.#retire(line);
      },
      giveUp: () => {
        if (!abandoned) line.abandoned += 1;
        abandoned = true;
        if (line.heard === heardBefore || line.abandoned >= this.#options.max) this.#retire(line);
        return new TrivetError("deadline_exceeded", "The database did not answer in time.");
      },
      done: () => {
        if (abandoned) line.abandoned -= 1;
        line.free += 1;
        if (line === this.#line) this.#admitNext(line);
      },
    };
  }

  #admission(): Promise<Line> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(new TrivetError("unavailable", "No connection to the database came free in time.", { retryAfter: 1 }));
      }, this.patience);
      const waiter = { admit: resolve, timer };
      this.#waiting.push(waiter);
    });
  }

  /** Takes the connection on behalf of who has waited longest, so that nobody who comes meanwhile finds it free. */
  #admitNext(line: Line): void {
    const next = this.#waiting.shift();
    if (!next) return;
    clearTimeout(next.timer);
    line.free -= 1;
    next.admit(line);
  }

  #connect(): Line {
    const { url, max, idleTimeout, connection } = this.#options;
    const sql = postgres(url, {
      max,
      connection,
      idle_timeout: idleTimeout,
      connect_timeout: connectTimeout,
      // The default grows to 20 s, which is how long a database that is back would go unnoticed.
      backoff: () => 0.05 + Math.random() / 10,
      // Saves a query for each new connection; drizzle knows the types from the tables.
      fetch_types: false,
      onnotice: () => {},
    });
    Object.assign(sql.options.parsers, this.codecs.parsers);
    Object.assign(sql.options.serializers, this.codecs.serializers);
    return { sql, free: max, heard: 0, abandoned: 0 };
  }

  #retire(line: Line): void {
    if (line !== this.#line) return;
    const fresh = this.#connect();
    this.#line = fresh;
    // Whoever still gets an answer on the old connections keeps it; the rest is cut off then.
    line.sql.end({ timeout: retireTimeout }).catch(() => {});
    for (let admitted = 0; admitted < this.#options.max; admitted += 1) this.#admitNext(fresh);
  }
}
