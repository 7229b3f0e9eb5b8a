import { randomBytes } from "node:crypto";
import process from "node:process";
import { removeStreams } from "@trivet/host/queues/nats";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { client } from "../../src/client.ts";
import { commitProbe } from "../../src/database/commit-probe.ts";
import { register, withRole } from "../../src/people.ts";
import { scenarios } from "../../src/scenarios/main-job.ts";
import { loggedRegistrations, readCounts } from "../../src/scenarios/registrations.ts";
import { runtimes, withoutLimits } from "../../src/system/shared-systems.ts";
import { runtimeNames } from "../../src/system/start-process.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";
import { timed } from "../../src/timed.ts";

describe.for(inject("systems"))("on $runtime, in one process", ({ url }) => {
  test.for(scenarios)("$title", ({ run }) => run(client(url)));
});

/** A service that is back needs a while until it is asked again. */
const patiently = { timeout: 30_000, interval: 100 };

/** `wrangler dev` runs all Workers together; split is a matter of the host's runtimes. */
const splitRuntimes = runtimes.filter((runtime) => runtime !== "workerd");

const { NATS_URL, REDIS_URL } = process.env;
/** Where queues and counts are, beside the database, which there always is. */
const brokers = [
  { broker: "Postgres alone", settings: {} },
  ...(NATS_URL && REDIS_URL ? [{ broker: "NATS and Redis", settings: { NATS_URL, REDIS_URL } }] : []),
];

describe.for(splitRuntimes.flatMap((runtime) => brokers.map((one) => ({ runtime, ...one }))))(
  "on $runtime, one process a service, with $broker",
  ({ runtime, settings }) => {
    let system: System;
    const prefix = `test${randomBytes(4).toString("hex")}`;
    beforeAll(async () => {
      system = await startSystem({ runtime, split: true, env: { ...withoutLimits, ...settings, NATS_PREFIX: prefix } });
    });
    afterAll(async () => {
      await system?.stop();
      if ("NATS_URL" in settings) await removeStreams(settings.NATS_URL, prefix);
    });

    test(`with analytics down people register as ever; its numbers are right when it is back, on ${runtimeNames[runtime]}`, async () => {
      const api = client(system.url);
      const admin = await withRole(api, system.database.adminUrl, "admin");
      const counted = () => readCounts(api, admin.token);
      await register(api);
      await expect.poll(counted, patiently).toEqual({ registered: 2, logged: 2, events: 2, people: 2 });
      await system.stopService("analytics");
      for (let people = 0; people < 5; people += 1) await register(api);
      await expect.poll(async () => (await loggedRegistrations(api, admin.token)).length, patiently).toBe(7);
      expect((await api.get("/analytics/stats", admin.token)).status).toBe(503);
      await system.startService("analytics");
      await expect.poll(counted, patiently).toEqual({ registered: 7, logged: 7, events: 7, people: 7 });
    });

    test(`with users down, registration succeeds on ${runtimeNames[runtime]}; the profile appears when users is back`, async () => {
      const api = client(system.url);
      const machine = commitProbe(system.database.adminUrl);
      onTestFinished(machine.end);
      await register(api);
      const before = await timed(() => register(api), machine.probe);
      expect((await api.get("/users/profile", before.outcome.token)).status).toBe(200);

      await system.stopService("users");
      const { outcome: late, milliseconds } = await timed(() => register(api), machine.probe);
      // The profile is made from an event that goes after the answer: registration asks nothing of users, and waits for nothing.
      expect(milliseconds - before.milliseconds).toBeLessThan(1_000);
      expect((await api.get("/auth/me", late.token)).status).toBe(200);
      expect((await api.get("/users/profile", late.token)).status).toBe(503);
      expect(await api.get("/health/services")).toMatchObject({ status: 200 });

      await system.startService("users");
      await expect
        .poll(() => api.get("/users/profile", late.token), patiently)
        .toMatchObject({ status: 200, body: { id: late.id, username: late.username } });
    });
  },
);
