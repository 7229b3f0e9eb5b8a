interface Waiting<Input, Output> {
  input: Input;
  resolve(output: Output): void;
  reject(reason: unknown): void;
}

export interface Coalescing<Input> {
  /** Statements under way at a time: one on its way there, one on its way back. */
  lanes: number;
  /** Inputs in a statement, at most. */
  limit: number;
  /** What an input adds to a statement that should not grow beyond `weightLimit`. */
  weigh?(input: Input): number;
  weightLimit?: number;
}

/**
 * One statement for many callers: the first goes at once, and who comes while statements are under way goes with the
 * next. So it costs nothing when little is asked, and an fsync for hundreds when much is. `run` answers in the order
 * of its inputs.
 */
export function coalesce<Input, Output>(
  { lanes, limit, weigh = () => 0, weightLimit = Number.POSITIVE_INFINITY }: Coalescing<Input>,
  run: (inputs: Input[]) => Promise<readonly Output[]>,
): (input: Input) => Promise<Output> {
  let waiting: Waiting<Input, Output>[] = [];
  let underWay = 0;

  const take = (): Waiting<Input, Output>[] => {
    let count = 0;
    let weight = 0;
    for (const { input } of waiting) {
      weight += weigh(input);
      if (count === limit || (count > 0 && weight > weightLimit)) break;
      count += 1;
    }
    const taken = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return taken;
  };

  const work = async (): Promise<void> => {
    underWay += 1;
    // Callers of this very moment come along.
    await undefined;
    while (waiting.length > 0) {
      const taken = take();
      try {
        const outputs = await run(taken.map(({ input }) => input));
        for (const [index, { resolve, reject }] of taken.entries()) {
          const output = outputs[index];
          if (output === undefined) reject(new Error("A statement for many answered too few of them."));
          else resolve(output);
        }
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
    }
    underWay -= 1;
  };

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      if (underWay < lanes) void work();
    });
}
