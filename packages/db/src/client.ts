import type { TrivetError } from "@trivet/platform";
import type { Sql, TransactionSql } from "postgres";
import type { Codecs, Pool, Turn } from "./pool.ts";
import { Session } from "./session.ts";
import type { StatementSpans } from "./statement-spans.ts";
import { within } from "./within.ts";

/** What the function of a transaction gets, for drizzle's session in it. */
interface Scope {
  unsafe(text: string, values?: unknown[]): Statement;
  savepoint<T>(effect: (scope: Scope) => Promise<T>): Promise<T>;
}

type Statement = Promise<unknown> & { values(): Promise<unknown> };

/**
 * A client for drizzle over a pool. Each statement, and a transaction's begin and commit, is given up
 * when the pool's patience ends.
 */
class Client {
  readonly options: Codecs;
  readonly #pool: Pool;
  readonly #spans: StatementSpans | undefined;

  constructor(pool: Pool, spans: StatementSpans | undefined) {
    this.#pool = pool;
    this.#spans = spans;
    this.options = pool.codecs;
  }

  unsafe(text: string, values: unknown[] = []): Statement {
    return statement((asArrays) =>
      this.#told(text, async () => {
        const turn = await this.#pool.turn();
        const answer = this.#send(turn.sql, text, values, asArrays, turn).finally(turn.done);
        return await within(this.#pool.patience, answer, turn.giveUp);
      }),
    );
  }

  async begin<T>(effect: (scope: Scope) => Promise<T>): Promise<T> {
    if (!this.#spans) return await this.#transaction(effect);
    // What is under way: BEGIN until the function runs, and what ends the transaction once it has.
    let end = this.#spans.begin("BEGIN");
    try {
      const result = await this.#transaction(async (scope) => {
        end();
        try {
          const effected = await effect(scope);
          end = this.#spans?.begin("COMMIT") ?? end;
          return effected;
        } catch (error) {
          const rolledBack = this.#spans?.begin("ROLLBACK");
          end = () => rolledBack?.();
          throw error;
        }
      });
      end();
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  async #transaction<T>(effect: (scope: Scope) => Promise<T>): Promise<T> {
    const turn = await this.#pool.turn();
    const session = new Session();
    return await new Promise<T>((resolve, reject) => {
      let givenUp: TrivetError | undefined;
      const giveUp = () => {
        givenUp = turn.giveUp();
        reject(givenUp);
      };
      let timer = setTimeout(giveUp, this.#pool.patience);
      const outcome = turn.sql.begin((tx) => {
        turn.heard();
        // Its caller has been told that it failed, and may have begun another.
        if (givenUp) throw givenUp;
        clearTimeout(timer);
        return session.run(async () => {
          try {
            return { result: await effect(this.#scope(tx, turn, session, reject)) };
          } finally {
            timer = setTimeout(giveUp, this.#pool.patience);
          }
        });
      });
      outcome
        .then(
          ({ result }) => resolve(result),
          (error) => {
            session.end(error);
            turn.failed(error);
            reject(error);
          },
        )
        .finally(() => {
          clearTimeout(timer);
          turn.done();
        });
    });
  }

  #scope(tx: TransactionSql, turn: Turn, session: Session, abort: (reason: unknown) => void): Scope {
    // A rollback on a dead connection would be waited for in vain: the caller is let go at once.
    const giveUp = () => {
      const reason = turn.giveUp();
      abort(reason);
      return reason;
    };
    const send = (text: string, values: unknown[], asArrays: boolean) =>
      this.#told(text, () => within(this.#pool.patience, this.#send(tx, text, values, asArrays, turn), giveUp));
    return {
      unsafe: (text, values = []) => statement((asArrays) => session.send(() => send(text, values, asArrays))),
      savepoint: async (effect) => {
        const nested = session.nest(() =>
          tx.savepoint((inner) =>
            session.run(async () => ({ result: await effect(this.#scope(inner, turn, session, abort)) })),
          ),
        );
        return (await nested).result;
      },
    };
  }

  #told(text: string, work: () => Promise<unknown>): Promise<unknown> {
    return this.#spans ? this.#spans.around(text, work) : work();
  }

  async #send(sql: Sender, text: string, values: unknown[], asArrays: boolean, turn: Turn): Promise<unknown> {
    const pending = sql.unsafe(text, bound(values), { prepare: this.#pool.prepares(text) });
    try {
      const rows = await (asArrays ? pending.values() : pending);
      turn.heard();
      return rows;
    } catch (error) {
      turn.failed(error);
      throw error;
    }
  }
}

type Sender = Pick<Sql, "unsafe">;

/** The client under the type drizzle asks for; with spans it is of one invocation. */
export const clientFor = (pool: Pool, spans?: StatementSpans): Sql => asSql(new Client(pool, spans));

/**
 * drizzle's postgres-js session calls `unsafe`, `begin`, `savepoint` and the codecs in `options` of
 * its client and nothing else; each of these keeps the driver's contract here.
 */
const asSql = (client: Client): Sql => client as unknown as Sql;

/** drizzle has encoded the values for their columns; the driver's own types do not know its columns. */
const bound = (values: unknown[]) => values as Parameters<Sql["unsafe"]>[1];

/** Like the driver's own pending query: `values()`, called at once, asks for arrays instead of objects. */
function statement(send: (asArrays: boolean) => Promise<unknown>): Statement {
  let asArrays = false;
  const answer = Promise.resolve().then(() => send(asArrays));
  const values = () => {
    asArrays = true;
    return answer;
  };
  return Object.assign(answer, { values });
}
