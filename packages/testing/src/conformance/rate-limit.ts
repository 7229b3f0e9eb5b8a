import type { RateLimitBinding } from "@trivet/platform";

/** Bindings made by the driver under test. */
export interface RateLimitSubject {
  /** Five a minute, of one namespace. */
  FIVE: RateLimitBinding;
  /** Five a minute, of another. */
  OTHER: RateLimitBinding;
  /** A thousand in ten seconds, of a third. */
  MANY: RateLimitBinding;
}

/** A promise that every driver of `[[ratelimits]]` keeps. It rejects where one does not. */
export interface RateLimitCase {
  title: string;
  run(subject: RateLimitSubject): Promise<void>;
}

/** Of the sections of a manifest that the suite needs. */
export const rateLimitSections = [
  { name: "FIVE", namespace_id: "1001", simple: { limit: 5, period: 60 } },
  { name: "OTHER", namespace_id: "1002", simple: { limit: 5, period: 60 } },
  { name: "MANY", namespace_id: "1003", simple: { limit: 1_000, period: 10 } },
] as const;

const newKey = (): string => crypto.randomUUID();

async function successes(binding: RateLimitBinding, key: string, times: number): Promise<number> {
  const outcomes = await Promise.all(Array.from({ length: times }, () => binding.limit({ key })));
  return outcomes.filter(({ success }) => success).length;
}

/** Cloudflare's windows end with the clock's minute: nothing is proven by a count that goes on beyond it. */
async function withinMinute(): Promise<void> {
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 4_000) await new Promise((resolve) => setTimeout(resolve, left));
}

export const rateLimitCases: readonly RateLimitCase[] = [
  {
    title: "as many succeed as the limit says, one after the other",
    async run({ FIVE }) {
      await withinMinute();
      const key = newKey();
      const outcomes: boolean[] = [];
      for (let sent = 0; sent < 8; sent += 1) outcomes.push((await FIVE.limit({ key })).success);
      same(outcomes, [true, true, true, true, true, false, false, false]);
    },
  },
  {
    title: "of fifty at once as many succeed as the limit says",
    async run({ FIVE }) {
      await withinMinute();
      same(await successes(FIVE, newKey(), 50), 5);
    },
  },
  {
    title: "keys count apart, whatever they are made of",
    async run({ FIVE }) {
      await withinMinute();
      const one = newKey();
      for (const key of [one, `${one}:`, ` ${one}`, `${one}ü👋`, `${one}\u0000`, `${one}${"x".repeat(2_000)}`]) {
        same(await successes(FIVE, key, 7), 5);
      }
    },
  },
  {
    title: "namespaces count apart",
    async run({ FIVE, OTHER }) {
      await withinMinute();
      const key = newKey();
      same([await successes(FIVE, key, 7), await successes(OTHER, key, 7)], [5, 5]);
    },
  },
  {
    title: "a larger limit over a shorter period",
    async run({ MANY }) {
      same(await successes(MANY, newKey(), 200), 200);
    },
  },
  {
    title: "the answer says whether it succeeds, and nothing else",
    async run({ OTHER }) {
      same(await OTHER.limit({ key: newKey() }), { success: true });
    },
  },
  {
    title: "options that are none, or of which it knows nothing, are refused",
    async run({ FIVE }) {
      for (const options of [undefined, null, "key", { key: 1 }, { key: "a", cost: 2 }]) {
        const outcome = await FIVE.limit(unchecked(options)).catch((error: unknown) => error);
        same(outcome instanceof Error, true);
      }
    },
  },
];

/** What a caller without types may hand over. */
const unchecked = (options: unknown): { key: string } => options as { key: string };

function same(actual: unknown, expected: unknown): void {
  const [seen, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (seen !== wanted) throw new Error(`Expected ${wanted}, got ${seen}`);
}
