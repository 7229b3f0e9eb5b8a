import type { Act, Entry, QueueSpec, SendSpec } from "./orders.ts";
import type { QueueSubject } from "./subject.ts";

/** A promise that every driver of `[[queues]]` keeps. It rejects where one does not. */
export interface QueueCase {
  title: string;
  /** What its queue has beside what every one has. */
  queue?: { delivery_delay?: number; consumer?: Partial<Consumer>; buried?: false };
  run(at: Place): Promise<void>;
}

/** A case's own queue, somewhere. */
interface Place {
  subject: QueueSubject;
  binding: string;
  queue: string;
}

type Consumer = NonNullable<QueueSpec["consumer"]>;

const order = (run: string, name: string, ...acts: Act[][]): SendSpec => ({ body: { json: { run, name, acts } } });

const patience = 20_000;

/** The batches of a run once they hold as many deliveries; more that come a moment later are seen, too. */
async function deliveries({ subject }: Place, run: string, count: number): Promise<Entry[]> {
  const until = Date.now() + patience;
  for (;;) {
    const entries = await subject.log(run);
    const seen = entries.reduce((sum, { messages }) => sum + messages.length, 0);
    if (seen >= count || Date.now() > until) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const all = await subject.log(run);
      const total = all.reduce((sum, { messages }) => sum + messages.length, 0);
      if (total === count) return all;
      throw new Error(`${count} deliveries were due, there are ${total}: ${said(all)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** As `queue: name 1, name 2`: what came, and which attempt it was. */
const said = (entries: readonly Entry[]): string =>
  entries
    .map(({ queue, messages }) => `${queue}: ${messages.map((one) => `${one.name} ${one.attempts}`).join(", ")}`)
    .join("; ");

/** The attempts of each message, in order, each with its queue. */
const perMessage = (entries: readonly Entry[]): string =>
  [
    ...Map.groupBy(
      entries.flatMap(({ queue, messages }) => messages.map((one) => ({ queue, ...one }))),
      ({ name }) => name,
    ),
  ]
    .map(([name, own]) => `${name}: ${own.map(({ queue, attempts }) => `${queue[0]} ${attempts}`).join(", ")}`)
    .sort()
    .join("; ");

function same(actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${one} should be ${other}`);
}

const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Error(what);
};

async function sent({ subject, binding }: Place, messages: SendSpec[], batch?: { delaySeconds?: number }) {
  same(await subject.send({ binding, messages, ...(batch && { batch }) }), "sent");
}

async function refused({ subject, binding }: Place, messages: SendSpec[], name: RegExp, batch?: object): Promise<void> {
  const answer = await subject.send({ binding, messages, ...(batch && { batch }) });
  must(name.test(answer), `${answer} should be like ${name}`);
}

/** Sends these as one batch and says what became of each, its queue called `q` and its dead-letter queue `d`. */
async function fates(at: Place, run: string, count: number, messages: SendSpec[]) {
  await sent(at, messages, {});
  return perMessage(await deliveries(at, run, count));
}

export const queueCases: readonly QueueCase[] = [
  {
    title: "a message comes once, with its id, its time and its attempt",
    async run(at) {
      const before = Date.now() - 1_000;
      await sent(at, [order("once", "a")]);
      const [batch] = await deliveries(at, "once", 1);
      const [message] = batch?.messages ?? [];
      same([batch?.queue, message?.attempts], [at.queue, 1]);
      must((message?.id.length ?? 0) >= 32, `${message?.id} is an id`);
      must(
        (message?.sentAt ?? 0) > before && (message?.sentAt ?? 0) < Date.now() + 1_000,
        "its time is that of sending",
      );
    },
  },
  {
    title: "bodies arrive as what they were: json, text, bytes, v8",
    queue: { consumer: { max_batch_size: 1 } },
    async run(at) {
      await sent(at, [
        { body: { json: { a: [1, null, "ü\u0000"] } } },
        { body: { text: "tëxt" }, contentType: "text" },
        { body: { bytes: [0, 255, 10] }, contentType: "bytes" },
        { body: { bytes: [] }, contentType: "bytes" },
        { body: { made: "map" }, contentType: "v8" },
        { body: { made: "date" } },
        { body: { json: null } },
      ]);
      const bodies = (await deliveries(at, at.queue, 7)).flatMap(({ messages }) => messages.map(({ body }) => body));
      same(bodies.sort(), [
        "ArrayBuffer ",
        "ArrayBuffer 0,255,10",
        'Map [["a","1970-01-01T00:00:00.000Z"]]',
        "object null",
        'object {"a":[1,null,"ü\\u0000"]}',
        'string "1970-01-01T00:00:00.000Z"',
        'string "tëxt"',
      ]);
    },
  },
  {
    title: "128,000 bytes are sent, one more is refused",
    async run(at) {
      await sent(at, [{ body: { made: "128000 bytes" } }]);
      await refused(at, [{ body: { made: "128001 bytes" } }], /^Error: /);
      await refused(at, [{ body: { made: "128001 bytes" } }], /^Error: /, {});
    },
  },
  {
    title: "a batch holds 1 to 100 messages, and is sent as a whole or not at all",
    async run(at) {
      await refused(at, [], /^TypeError: sendBatch\(\) requires at least one message$/, {});
      const many = Array.from({ length: 101 }, (_, index) => order("hundred", String(index)));
      await refused(at, many, /^Error: /, {});
      await refused(
        at,
        Array.from({ length: 3 }, () => ({ body: { made: "100000 bytes" } })),
        /^Error: /,
        {},
      );
      await refused(at, [order("hundred", "no"), { body: { made: "undefined" } }], /^TypeError: /, {});
      await sent(at, many.slice(1), {});
      await deliveries(at, "hundred", 100);
    },
  },
  {
    title: "what is no body is refused by name",
    async run(at) {
      await refused(at, [{ body: { made: "undefined" } }], /^TypeError: Message body cannot be undefined$/);
      await refused(at, [{ body: { made: "circle" } }], /^TypeError: /);
      const wrong = (contentType: string): SendSpec[] => [{ body: { json: 5 }, contentType }];
      await refused(
        at,
        wrong("text"),
        /^TypeError: Content Type "text" requires a value of type string, but received: number$/,
      );
      await refused(
        at,
        wrong("bytes"),
        /^TypeError: Content Type "bytes" requires .* ArrayBufferView, but received: number$/,
      );
      await refused(at, wrong("xml"), /^TypeError: Unsupported queue message content type: xml$/);
    },
  },
  {
    title: "a delay is 0 to 86,400 seconds",
    async run(at) {
      await refused(at, [{ ...order("none", "a"), delaySeconds: -1 }], /^Error: /);
      await refused(at, [{ ...order("none", "a"), delaySeconds: 86_401 }], /^Error: /);
      await refused(at, [{ ...order("none", "a"), delaySeconds: 86_401 }], /^Error: /, {});
      await sent(at, [{ ...order("none", "a"), delaySeconds: 86_400 }]);
    },
  },
  {
    title: "a delayed message waits: its own delay, its batch's, its producer's",
    queue: { delivery_delay: 1 },
    async run(at) {
      const began = Date.now();
      await sent(at, [{ ...order("late", "now"), delaySeconds: 0 }]);
      await sent(at, [{ ...order("late", "own"), delaySeconds: 2 }]);
      await sent(at, [order("late", "batch")], { delaySeconds: 2 });
      await sent(at, [order("late", "producer")]);
      const entries = await deliveries(at, "late", 4);
      const waits = entries.flatMap((entry) =>
        entry.messages.map(({ name }): [string, number] => [name, entry.at - began]),
      );
      for (const [name, waited] of waits) {
        const due = { now: 0, producer: 1_000, own: 2_000, batch: 2_000 }[name] ?? 0;
        must(waited >= due - 10, `${name} came after ${waited} ms`);
      }
      same(waits[0]?.[0], "now");
    },
  },
  {
    title: "a batch is full, or has waited for its time",
    queue: { consumer: { max_batch_size: 3, max_batch_timeout: 1 } },
    async run(at) {
      const began = Date.now();
      await sent(
        at,
        ["a", "b", "c", "d"].map((name) => order("three", name)),
        {},
      );
      const [full, rest] = await deliveries(at, "three", 4);
      same([full?.messages.map(({ name }) => name), rest?.messages.map(({ name }) => name)], [["a", "b", "c"], ["d"]]);
      must((full?.at ?? 0) < (rest?.at ?? 0), "a full batch waits for nothing");
      must((rest?.at ?? 0) - began >= 990, "another waits for what would make it full");
    },
  },
  {
    title: "what the handler returned from is acknowledged; what it threw at comes again, up to the last retry",
    async run(at) {
      same(
        await fates(at, "implied", 4, [order("implied", "a", ["throw"], ["throw"], ["throw"])]),
        "a: q 1, q 2, q 3, d 1",
      );
    },
  },
  {
    title: "without a dead-letter queue the last failure drops a message",
    queue: { consumer: { max_retries: 0 }, buried: false },
    async run(at) {
      same(await fates(at, "drop", 1, [order("drop", "a", ["throw"])]), "a: q 1");
    },
  },
  {
    title: "a dead letter keeps its id and its time, and begins with its first attempt",
    async run(at) {
      await sent(at, [order("grave", "a", ["retry"], ["retry"], ["retry"])]);
      const messages = (await deliveries(at, "grave", 4)).flatMap((entry) => entry.messages);
      same([new Set(messages.map(({ id }) => id)).size, new Set(messages.map(({ sentAt }) => sentAt)).size], [1, 1]);
      same(
        messages.map(({ attempts }) => attempts),
        [1, 2, 3, 1],
      );
    },
  },
  {
    title: "a dead letter says what its last attempt failed of",
    // Alone in its batch, so that no other is retried for it.
    queue: { consumer: { max_batch_size: 1, max_retries: 0 } },
    async run(at) {
      await sent(at, [order("cause", "thrown", ["throw"]), order("cause", "asked", ["retry"])]);
      const letters = (await deliveries(at, "cause", 4)).flatMap(({ queue, messages }) =>
        messages.map(({ name, cause }) => [queue[0], name, cause ?? "none"]),
      );
      same(letters.sort(), [
        ["d", "asked", "The handler asked for a retry after the last one."],
        ["d", "thrown", "Error: as ordered"],
        ["q", "asked", "none"],
        ["q", "thrown", "none"],
      ]);
    },
  },
  {
    title: "metrics tell how much waits, since when, and when nothing does",
    queue: { consumer: { max_batch_timeout: 2 } },
    async run(at) {
      const before = Date.now() - 1_000;
      await sent(
        at,
        ["a", "b", "c"].map((name) => order("metrics", name)),
        {},
      );
      const { backlogCount, backlogBytes, oldest } = await at.subject.metrics(at.binding);
      const bytes = JSON.stringify({ run: "metrics", name: "a", acts: [] }).length;
      same(backlogCount, 3);
      must(backlogBytes >= 3 * bytes, `${backlogBytes} bytes wait, at least ${3 * bytes} were sent`);
      must(oldest > before && oldest < Date.now() + 1_000, "the oldest is of the time of sending");
      await deliveries(at, "metrics", 3);
      const until = Date.now() + patience;
      for (;;) {
        const now = await at.subject.metrics(at.binding);
        if (now.backlogCount === 0 || Date.now() > until)
          return same(now, { backlogCount: 0, backlogBytes: 0, oldest: 0 });
      }
    },
  },
  {
    title: "one message's retry is no other's",
    async run(at) {
      same(
        await fates(at, "single", 4, [
          order("single", "a"),
          order("single", "b", ["retry"]),
          order("single", "c", ["ack"]),
        ]),
        "a: q 1; b: q 1, q 2; c: q 1",
      );
    },
  },
  {
    title: "the first call on a message holds",
    async run(at) {
      same(
        await fates(at, "first", 3, [order("first", "a", ["ack", "retry"]), order("first", "b", ["retry", "ack"])]),
        "a: q 1; b: q 1, q 2",
      );
    },
  },
  {
    title: "the first call on a batch holds",
    async run(at) {
      same(await fates(at, "all", 1, [order("all", "a", ["ackAll", "retryAll"])]), "a: q 1");
      same(await fates(at, "all2", 2, [order("all2", "a", ["retryAll", "ackAll"])]), "a: q 1, q 2");
    },
  },
  {
    title: "a message's own retry holds against a later ackAll",
    async run(at) {
      same(
        await fates(at, "own", 3, [order("own", "a", ["retry", "ackAll"]), order("own", "b")]),
        "a: q 1, q 2; b: q 1",
      );
    },
  },
  {
    title: "a message's own ack holds against a later retryAll",
    async run(at) {
      same(
        await fates(at, "acked", 3, [order("acked", "a", ["ack"]), order("acked", "b", ["retryAll"])]),
        "a: q 1; b: q 1, q 2",
      );
    },
  },
  {
    title: "what was acknowledged before the handler threw stays acknowledged",
    async run(at) {
      same(
        await fates(at, "thrown", 3, [order("thrown", "a", ["ack"]), order("thrown", "b", ["throw"])]),
        "a: q 1; b: q 1, q 2",
      );
    },
  },
  {
    title: "a retry waits: its own delay, or its consumer's",
    // Alone in their batches, so that what one does to its batch is no other's.
    queue: { consumer: { max_batch_size: 1, retry_delay: 2 } },
    async run(at) {
      const wait = async (name: string, act: Act) => {
        await sent(at, [order(name, "a", [act])]);
        const [first, second] = await deliveries(at, name, 2);
        return Math.floor(((second?.at ?? 0) - (first?.at ?? 0) + 10) / 1_000);
      };
      const acts: Act[] = [
        "retry",
        "throw",
        "retryAll",
        { kind: "retry", delaySeconds: 0 },
        { kind: "retry", delaySeconds: 1 },
        { kind: "retryAll", delaySeconds: 1 },
      ];
      const waits = await Promise.all(acts.map((act, index) => wait(`wait ${index}`, act)));
      const due = [2, 2, 2, 0, 1, 1];
      must(
        waits.every((waited, index) => waited >= (due[index] ?? 0)),
        `${waits} should be at least ${due}`,
      );
      must((waits[3] ?? 0) < 2, "a retry without a delay does not wait for its consumer's");
    },
  },
  {
    title: "with one batch at a time messages come in the order they were sent in",
    queue: { consumer: { max_batch_size: 1, max_concurrency: 1 } },
    async run(at) {
      const names = Array.from({ length: 30 }, (_, index) => String(index));
      await sent(
        at,
        names.map((name) => order("serial", name)),
      );
      const entries = await deliveries(at, "serial", 30);
      same(
        entries.map(({ messages }) => messages.map(({ name }) => name)),
        names.map((name) => [name]),
      );
    },
  },
];

const prompt: Consumer = { max_batch_size: 10, max_batch_timeout: 0, max_retries: 2 };

/** A queue for each case, and a dead-letter queue. */
export const suiteQueues: readonly QueueSpec[] = queueCases.flatMap(({ queue: own = {} }, index): QueueSpec[] => {
  const { consumer, buried = true, ...producer } = own;
  const graves = buried && { dead_letter_queue: `d${index}` };
  return [
    { binding: `Q${index}`, queue: `q${index}`, ...producer, consumer: { ...prompt, ...consumer, ...graves } },
    { binding: `D${index}`, queue: `d${index}`, consumer: prompt },
  ];
});

/** Runs all cases at once, since most of what they take is waiting: title -> `kept`, or what went wrong. */
export async function runQueueCases(subject: QueueSubject): Promise<Map<string, string>> {
  const outcomes = await Promise.all(
    queueCases.map(({ title, run }, index) =>
      run({ subject, binding: `Q${index}`, queue: `q${index}` }).then(
        (): [string, string] => [title, "kept"],
        (error: unknown): [string, string] => [title, String(error)],
      ),
    ),
  );
  return new Map(outcomes);
}
