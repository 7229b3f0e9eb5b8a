import postgres from "postgres";
import { isConnectionLoss } from "./faults.ts";

/**
 * Keeps a transaction from reaching the driver once its connection may be gone.
 *
 * postgres.js 3.4.9 goes on to use the connection object of a transaction after its socket has
 * closed (porsager/postgres#1208, #1155). Either there is no socket, and a TypeError from a timer ends the process; or the object
 * has been connected anew for somebody else, and the rest of the transaction, no transaction any
 * more, takes effect there. So after such a failure no statement is let through, and the function
 * given to the driver's `begin` or `savepoint` does not come back, since the driver would then send
 * COMMIT or ROLLBACK. The driver itself rejects `begin` when the connection closes.
 */
export class Session {
  #failure: { reason: unknown } | undefined;
  #ended = false;
  readonly #end = Promise.withResolvers<never>();

  constructor() {
    // Often nobody is listening at the time.
    this.#end.promise.catch(() => {});
  }

  /** The driver has rejected the transaction: closed the connection, or rolled back. */
  end(reason: unknown): void {
    this.#failure ??= { reason };
    this.#ended = true;
    this.#end.reject(reason);
  }

  /** Passes a statement on, unless an earlier one found the connection broken. */
  async send<T>(statement: () => Promise<T>): Promise<T> {
    return await this.#pass(statement, (reason) => !(reason instanceof postgres.PostgresError));
  }

  /** The same for a savepoint, which is rolled back for whatever its function throws: the transaction goes on. */
  async nest<T>(savepoint: () => Promise<T>): Promise<T> {
    return await this.#pass(savepoint, isConnectionLoss);
  }

  async #pass<T>(work: () => Promise<T>, isBroken: (reason: unknown) => boolean): Promise<T> {
    if (this.#failure) throw this.#failure.reason;
    try {
      return await Promise.race([work(), this.#end.promise]);
    } catch (reason) {
      if (isBroken(reason)) this.#failure ??= { reason };
      throw reason;
    }
  }

  /** Runs the function of a transaction or savepoint; settles only while the driver may act on it. */
  async run<T>(effect: () => Promise<T>): Promise<T> {
    try {
      return await effect();
    } finally {
      // The driver learns of a lost connection in the same turn of the event loop or the next.
      if (this.#failure) await new Promise((resolve) => setTimeout(resolve, 0));
      if (this.#ended) await new Promise<never>(() => {});
    }
  }
}
