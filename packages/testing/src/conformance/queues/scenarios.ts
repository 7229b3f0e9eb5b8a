import { setTimeout as pause } from "node:timers/promises";
import fc from "fast-check";
import type { Act, Entry, Order, QueueSpec, SendRequest } from "./orders.ts";
import type { QueueSubject } from "./subject.ts";

/** What is sent to a queue, and what its handler does: generated, and the same on every subject. */
export interface Scenario {
  run: string;
  queue: QueueSpec;
  request: SendRequest;
  orders: Order[];
  /** Whether the batches of first deliveries are the same everywhere, too, since nothing about them is a matter of time. */
  settledBatches: boolean;
}

const retryLater: Act = { kind: "retry", delaySeconds: 1 };
const retryAllLater: Act = { kind: "retryAll", delaySeconds: 1 };

/** What a handler may do with a message among others. */
const ofMessage: Act[][] = [[], ["ack"], ["retry"], [retryLater], ["retry", "ack"], ["ack", "retry"]];
/**
 * And with its whole batch. Not among them is an acknowledgement before a throw or `retryAll`, which miniflare passes
 * over: miniflare-differs.ts.
 */
const ofBatch: Act[][] = [
  ...[["throw"], ["ackAll"], ["retryAll"], [retryAllLater], ["ackAll", "retryAll"], ["retryAll", "ackAll"]],
  ...[
    ["retryAll", "ack"],
    ["retry", "throw"],
    [retryAllLater, "throw"],
    ["retryAll", retryLater],
    ["retry", "ackAll"],
  ],
] as Act[][];

const seconds = fc.constantFrom(undefined, undefined, 0, 1);

const place = fc.record({
  max_retries: fc.integer({ min: 0, max: 2 }),
  retry_delay: seconds,
  max_concurrency: fc.constantFrom(undefined, 1),
  buried: fc.boolean(),
  delivery_delay: seconds,
  size: fc.integer({ min: 2, max: 6 }),
});
type Place = typeof place extends fc.Arbitrary<infer Value> ? Value : never;

/** Whether a message is alone in its batches, among others of any scenario, or with those of its own. */
const shape = fc.constantFrom("alone", "alone", "alone", "among others", "among others", "together", "many");

const script = fc.record({
  shape,
  place,
  shared: fc.nat(),
  count: fc.integer({ min: 1, max: 5 }),
  many: fc.integer({ min: 1, max: 30 }),
  batched: fc.boolean(),
  delay: seconds,
  batchDelay: seconds,
  acts: fc.array(fc.array(fc.nat(), { minLength: 3, maxLength: 3 }), { minLength: 5, maxLength: 5 }),
});
type Script = typeof script extends fc.Arbitrary<infer Value> ? Value : never;

const sharedQueues = 8;
const grave: QueueSpec = {
  binding: "D",
  queue: "d",
  consumer: { max_batch_size: 10, max_batch_timeout: 0, max_retries: 0 },
};

/** So many scenarios and the queues they need, the same for the same seed. */
export function generateScenarios(count: number, seed: number): { scenarios: Scenario[]; queues: QueueSpec[] } {
  const places = fc.sample(place, { numRuns: sharedQueues, seed });
  const alone = places.map((one, index) => specOf(`a${index}`, { ...one, size: 1 }));
  const among = places.map((one, index) => specOf(`b${index}`, one));
  const scenarios = fc.sample(script, { numRuns: count, seed }).map((one, index) => {
    const shared = one.shared % sharedQueues;
    if (one.shape === "alone") return build(one, index, alone[shared] ?? grave);
    if (one.shape === "among others") return build(one, index, among[shared] ?? grave);
    // What is done to a whole batch, and in which order, concerns the messages of one scenario alone.
    const serial = one.shape === "many" && ({ delivery_delay: undefined, max_concurrency: 1 } as const);
    return build(one, index, specOf(`c${index}`, { ...one.place, max_concurrency: undefined, ...serial }));
  });
  return { scenarios, queues: [...new Set([grave, ...scenarios.map(({ queue }) => queue)])] };
}

function specOf(queue: string, { size, buried, delivery_delay, ...consumer }: Place): QueueSpec {
  return {
    binding: queue.toUpperCase(),
    queue,
    ...defined({ delivery_delay }),
    consumer: {
      ...defined(consumer),
      max_batch_size: size,
      max_batch_timeout: 0,
      max_retries: consumer.max_retries,
      ...(buried && { dead_letter_queue: grave.queue }),
    },
  };
}

function build(one: Script, index: number, queue: QueueSpec): Scenario {
  const run = `s${index}`;
  const size = queue.consumer?.max_batch_size ?? 1;
  const together = one.shape === "together" || one.shape === "many";
  const counts: Record<string, number> = { together: Math.min(one.count, size), many: one.many };
  const orders = Array.from({ length: counts[one.shape] ?? one.count }, (_, number): Order => {
    return { run, name: `m${number}`, acts: actsOf(one, number) };
  });
  const messages = orders.map((json, number) => ({
    body: { json },
    ...(!together && defined({ delaySeconds: number % 2 === 0 ? one.delay : undefined })),
  }));
  const batch = together ? {} : defined({ delaySeconds: one.batchDelay });
  const request = { binding: queue.binding, messages, ...((together || one.batched) && { batch }) };
  return { run, queue, request, orders, settledBatches: together };
}

/** For each of three attempts. */
function actsOf({ shape: of, acts }: Script, number: number): Act[][] {
  const pick = (menu: Act[][], from: number[] | undefined): Act[][] =>
    (from ?? []).map((nat) => menu[nat % menu.length] ?? []);
  if (of === "many") return [];
  if (of === "alone") return pick([...ofMessage, ...ofBatch], acts[number]);
  if (of === "among others") return pick(ofMessage, acts[number]);
  // After a delay a batch may come in parts. So each does the same then: nothing, or what it always does.
  const [first = []] = pick(wholeBatch, acts[0]);
  return (acts[0]?.[1] ?? 0) % 2 === 0 ? [first] : [first, first, first];
}

const wholeBatch: Act[][] = [["throw"], ["ackAll"], ["retryAll"], [retryAllLater], [retryAllLater, "throw"]];

type Defined<T> = { [Key in keyof T]?: NonNullable<T[Key]> };
/** Without what is undefined. */
const defined = <T extends object>(options: T): Defined<T> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>;

/** What came of a scenario, apart from what is a matter of time. */
export function traceOf({ settledBatches, queue }: Scenario, entries: readonly Entry[]): string {
  const fates = [...Map.groupBy(deliveriesIn(entries), ({ name }) => name)]
    .map(([name, own]) => `${name}: ${own.map((one) => `${one.queue} ${one.attempts}`).join(", ")}`)
    .sort();
  if (!settledBatches) return fates.join("; ");
  const batches = entries
    .filter(({ messages, queue: name }) => name === queue.queue && messages.every(({ attempts }) => attempts === 1))
    .map(({ messages }) => messages.map(({ name }) => name).join("+"));
  return [...fates, ...batches].join("; ");
}

/** Deliveries that came before their delay had passed, as sentences: there should be none. */
export function early({ orders, queue }: Scenario, entries: readonly Entry[]): string[] {
  const acts = new Map(orders.map((order) => [order.name, order.acts]));
  const all = deliveriesIn(entries).filter((one) => one.queue === queue.queue);
  return all.flatMap(({ name, attempts, at }) => {
    const before = all.find((one) => one.name === name && one.attempts === attempts - 1);
    const [act, ...others] = acts.get(name)?.[attempts - 2] ?? [];
    // Of several acts the order decides; of one it is certain how long it asks to wait.
    if (!before || act === undefined || others.length > 0) return [];
    const due = typeof act === "object" ? act.delaySeconds : (queue.consumer?.retry_delay ?? 0);
    const waited = at - before.at;
    return waited >= due * 1_000 - 10 ? [] : [`${name} came ${waited} ms after its attempt ${before.attempts}`];
  });
}

const deliveriesIn = (entries: readonly Entry[]) =>
  entries.flatMap(({ queue, at, messages }) => messages.map((message) => ({ queue, at, ...message })));

/** Callers at a time: what is compared are queues, not how many connections a server takes at once. */
const callers = 16;

/** Sends everything. */
export async function play(subject: QueueSubject, scenarios: readonly Scenario[]): Promise<void> {
  const left = [...scenarios];
  const call = async (): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const answer = await subject.send(next.request);
      if (answer !== "sent") throw new Error(`${next.request.binding} answered ${answer}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
}

/** Milliseconds between two looks at what has been delivered. */
const look = 100;

/**
 * Resolves with what has been delivered once so many milliseconds of looks have found nothing new: by looks that were
 * answered and not by the clock, which goes on while a machine stalls.
 */
export async function whenQuiet(subject: QueueSubject, quiet: number): Promise<Record<string, Entry[]>> {
  for (let last = -1, same = 0; ; await pause(look)) {
    const logs = await subject.logs();
    const count = Object.values(logs).reduce((sum, entries) => sum + entries.length, 0);
    same = count === last ? same + 1 : 0;
    last = count;
    if (same * look >= quiet) return logs;
  }
}
