import { type Database, sharedDatabase } from "./open.ts";

/** Batches under way at a time for one database: one on its way there, one on its way back. */
const lanes = 2;
/** Inputs in one batch, so that the statement stays small and its answer comes soon. */
const batchLimit = 64;

interface Asked<Input, Output> {
  db: Database;
  input: Input;
  resolve(output: Output): void;
  reject(reason: unknown): void;
}

interface Queue<Input, Output> {
  waiting: Asked<Input, Output>[];
  underWay: number;
  /** Whether a batch is about to go out, with whoever still comes in this turn of the event loop. */
  gathering: boolean;
}

/** After all that has come in so far was read. Without it the first of many requests read in one go would go alone. */
const atTurnsEnd: (task: () => void) => void = Reflect.get(globalThis, "setImmediate") ?? queueMicrotask;

/**
 * A read for which many callers share one statement: those who ask in the same turn of the event loop,
 * and those who ask while batches are under way, who go with the next one. So nobody waits when little
 * is asked, and many share a round trip when much is. `read` answers in the order of its inputs.
 *
 *     const byId = batched((db, ids: string[]) => selectMany(db, ids));
 *     const profile = await byId(db, id);
 *
 * Callers share a statement when they share a database, which on Workers is never across invocations.
 */
export function batched<Input, Output>(
  read: (db: Database, inputs: Input[]) => Promise<Output[]>,
): (db: Database, input: Input) => Promise<Output> {
  const queues = new WeakMap<Database, Queue<Input, Output>>();

  const send = async (home: Database, queue: Queue<Input, Output>): Promise<void> => {
    queue.underWay += 1;
    while (queue.waiting.length > 0) {
      const batch = queue.waiting.splice(0, batchLimit);
      await answer(batch, () =>
        read(
          teller(home, batch),
          batch.map(({ input }) => input),
        ),
      );
    }
    queue.underWay -= 1;
  };

  return (db, input) =>
    new Promise((resolve, reject) => {
      const home = sharedDatabase(db);
      const queue = queues.get(home) ?? { waiting: [], underWay: 0, gathering: false };
      queues.set(home, queue);
      queue.waiting.push({ db, input, resolve, reject });
      if (queue.underWay >= lanes || queue.gathering) return;
      queue.gathering = true;
      atTurnsEnd(() => {
        queue.gathering = false;
        void send(home, queue);
      });
    });
}

/** Of a statement that many share, the first who is traced is told: by any other it would have no span. */
const teller = (home: Database, batch: readonly { db: Database }[]): Database =>
  batch.find(({ db }) => db !== home)?.db ?? home;

/** Never rejects: what goes wrong is told to those who asked. */
async function answer<Input, Output>(batch: Asked<Input, Output>[], read: () => Promise<Output[]>): Promise<void> {
  try {
    const outputs = await read();
    if (outputs.length !== batch.length)
      throw new Error(`A batch of ${batch.length} was answered by ${outputs.length}.`);
    for (const [index, output] of outputs.entries()) batch[index]?.resolve(output);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}
