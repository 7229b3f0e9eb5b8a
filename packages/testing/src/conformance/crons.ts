import type { WorkerModule } from "@trivet/platform";

/** `cronWorker` with `[triggers] crons`, as the driver under test runs it. */
export interface CronSubject {
  /** Runs `scheduled` for a tick and says what became of the run, once it has ended. */
  tick(cron: string, scheduledTime: number): Promise<{ failed: boolean; noRetry: boolean }>;
  /** What the Worker has noted at the ticks of a cron. */
  notes(cron: string): Promise<unknown[]>;
}

/** A promise that every driver of `[triggers] crons` keeps. It rejects where one does not. */
export interface CronCase {
  title: string;
  run(subject: CronSubject): Promise<void>;
}

const tells = "0 1 * * *";
const throws = "0 2 * * *";
const goesOn = "0 3 * * *";
const failsLater = "0 4 * * *";
const givesUp = "0 5 * * *";

const noted: { cron: string; note: unknown }[] = [];

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100));

/** Answers any request with what it has noted of the cron in the query. */
export const cronWorker: WorkerModule<{ GREETING: string }> = {
  async fetch(request) {
    const cron = new URL(request.url).searchParams.get("cron");
    return Response.json(noted.filter((one) => one.cron === cron).map(({ note }) => note));
  },
  async scheduled(controller, env, ctx) {
    const { cron, scheduledTime } = controller;
    const note = (what: unknown): void => void noted.push({ cron, note: what });
    if (cron === tells) note({ cron, scheduledTime, greeting: env.GREETING });
    if (cron === throws) throw new Error("this run fails");
    if (cron === goesOn) ctx.waitUntil(pause().then(() => note("done")));
    if (cron === failsLater) ctx.waitUntil(pause().then(() => Promise.reject(new Error("this run fails later"))));
    if (cron === givesUp) {
      controller.noRetry();
      throw new Error("this run fails for good");
    }
  },
};

const scheduledTime = Date.UTC(2026, 10, 20, 19);

const expectSame = (what: string, found: unknown, expected: unknown): void => {
  const [is, should] = [JSON.stringify(found), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what} is ${is} instead of ${should}`);
};

export const cronCases: readonly CronCase[] = [
  {
    title: "a run is told its cron as the manifest has it and the tick as milliseconds, and has the Worker's env",
    async run({ tick, notes }) {
      expectSame("the run", await tick(tells, scheduledTime), { failed: false, noRetry: false });
      expectSame("what it was told", await notes(tells), [{ cron: tells, scheduledTime, greeting: "hello" }]);
    },
  },
  {
    title: "a run that throws has failed, and may be tried again",
    run: async ({ tick }) => expectSame("the run", await tick(throws, scheduledTime), { failed: true, noRetry: false }),
  },
  {
    title: "a run that called noRetry has failed for good",
    run: async ({ tick }) => expectSame("the run", await tick(givesUp, scheduledTime), { failed: true, noRetry: true }),
  },
  {
    title: "a run ends with the work it handed to waitUntil",
    async run({ tick, notes }) {
      expectSame("the run", await tick(goesOn, scheduledTime), { failed: false, noRetry: false });
      expectSame("the work", await notes(goesOn), ["done"]);
    },
  },
  {
    title: "a run fails with the work it handed to waitUntil",
    run: async ({ tick }) =>
      expectSame("the run", await tick(failsLater, scheduledTime), { failed: true, noRetry: false }),
  },
];
