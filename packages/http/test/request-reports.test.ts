import { analyticsLimit, type RequestMinute, recordRequests } from "@trivet/contracts";
import {
  access,
  createWorker,
  defineService,
  encryptionKeys,
  json,
  reportingEnv,
  routesFor,
  serviceEnv,
} from "@trivet/http";
import { type ServiceBinding, TrivetError } from "@trivet/platform";
import { serviceSettings } from "@trivet/testing";
import { stopTheClock } from "@trivet/testing/clock";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { z } from "zod";

const noon = Date.parse("2026-01-31T12:00:00Z");

/** What analytics was told, and how: it reads nothing that is not encrypted. */
let reports: { caller: unknown; id: string; minutes: RequestMinute[] }[];
let isDown: boolean;
let pending: Promise<unknown>[];
beforeEach(() => {
  [reports, isDown, pending] = [[], false, []];
  stopTheClock(noon + 20_000);
});
afterEach(() => void vi.useRealTimers());

const { route, serve } = routesFor<object>();

const seen = new Set<string>();
const analytics = createWorker(
  defineService({
    name: "analytics",
    version: "0.0.0",
    summary: "",
    env: serviceEnv.extend({ ANALYTICS_KEY: encryptionKeys }),
    deps: ({ invocation }) => ({ invocation }),
    replays: () => ({ claim: async (id) => seen.size < seen.add(id).size }),
    routes: [
      serve(recordRequests, async ({ body, deps }) => {
        if (isDown) throw new TrivetError("unavailable");
        reports.push({ caller: Reflect.get(deps, "invocation").actor.name, ...body });
        return undefined;
      }),
    ],
  }),
);

const binding: ServiceBinding = {
  fetch: async (request) =>
    await analytics.fetch(request, serviceSettings, { waitUntil: (work) => void pending.push(work) }),
};

const users = createWorker(
  defineService({
    name: "users",
    version: "0.0.0",
    summary: "",
    env: serviceEnv.extend(reportingEnv),
    deps: () => ({}),
    routes: [
      route(
        {
          method: "get",
          path: "/users/{id}",
          summary: "Somebody",
          access: access.anyone,
          request: { params: z.object({ id: z.string() }) },
          responses: { 200: json(z.object({}), "Nothing") },
        },
        (c) => {
          if (c.req.valid("param").id === "broken") throw new Error("This one always fails.");
          return c.json({}, 200);
        },
      ),
    ],
  }),
);

/** Another one is another process. */
const bound = () => ({ ...serviceSettings, ANALYTICS: binding });

/** Answers requests as one process does, until all work behind the answers is done. */
async function ask(env: object, ...paths: string[]): Promise<void> {
  for (const path of paths) {
    await users.fetch(new Request(`http://users${path}`), env, { waitUntil: (work) => void pending.push(work) });
  }
  for (let done = 0; done < pending.length; done += 1) await pending[done];
}

const unreported = async (env: object): Promise<string | undefined> => {
  const answer = await users.fetch(new Request("http://users/metrics"), env, { waitUntil: () => {} });
  return /^requests_unreported_total\{service="users"\} (\d+)$/m.exec(await answer.text())?.[1];
};

test("a minute's requests are reported once, by minute and route and encrypted, behind the first answer after it", async () => {
  const env = bound();
  await ask(env, "/users/ada", "/users/bob", "/users/broken");
  vi.setSystemTime(noon + 79_000);
  await ask(env, "/users/cyd");
  expect(reports).toEqual([]);
  vi.setSystemTime(noon + 80_000);
  await ask(env, "/users/dan", "/users/eve");
  expect(reports).toMatchObject([
    {
      caller: "users",
      minutes: [
        { method: "GET", route: "/users/{id}", minute: "2026-01-31T12:00:00.000Z", requests: 3, failures: 1 },
        { method: "GET", route: "/users/{id}", minute: "2026-01-31T12:01:00.000Z", requests: 2, failures: 0 },
      ],
    },
  ]);
  const [first] = reports[0]?.minutes ?? [];
  expect(first?.buckets.reduce((sum, count) => sum + count, 0)).toBe(3);
  expect(first?.totalMs).toBeGreaterThanOrEqual(first?.maxMs ?? Number.POSITIVE_INFINITY);
  expect(JSON.stringify(reports)).not.toMatch(/ada|bob|cyd|broken/);
});

test("while analytics is down requests are answered, and what it was not told of is counted", async () => {
  const env = bound();
  vi.useRealTimers();
  // What is tried again waits for real.
  vi.useFakeTimers({ toFake: ["Date"], now: noon });
  await ask(env, "/users/ada");
  isDown = true;
  vi.setSystemTime(noon + 60_000);
  await ask(env, "/users/bob");
  expect(reports).toEqual([]);
  expect(await unreported(env)).toBe("2");
  isDown = false;
  await ask(env, "/users/cyd");
  vi.setSystemTime(noon + 120_000);
  await ask(env, "/users/dan");
  const told = reports.flatMap(({ minutes }) => minutes).filter((line) => line.route === "/users/{id}");
  expect(told.reduce((sum, { requests }) => sum + requests, 0)).toBe(2);
});

test("a report holds no more lines than analytics takes; the requests beyond are counted as not told of", async () => {
  const env = bound();
  for (let line = 0; line <= analyticsLimit; line += 1) {
    // A clock that runs on is what makes lines without end; a report is due after a minute all the same.
    vi.setSystemTime(noon - line * 60_000);
    await ask(env, "/users/ada");
  }
  expect(await unreported(env)).toBe("1");
});

test("without the key, or without the binding, nobody is told anything", async () => {
  const { ANALYTICS_KEY: _, ...without } = bound();
  for (const env of [without, { ...serviceSettings }]) {
    vi.setSystemTime(noon);
    await ask(env, "/users/ada");
    vi.setSystemTime(noon + 120_000);
    await ask(env, "/users/ada");
    expect(await unreported(env)).toBeUndefined();
  }
  expect(reports).toEqual([]);
});
