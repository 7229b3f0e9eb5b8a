import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { client } from "../../src/client.ts";
import { commitProbe } from "../../src/database/commit-probe.ts";
import { register } from "../../src/people.ts";
import { scenarios } from "../../src/scenarios/main-job.ts";
import { runtimes, withoutLimits } from "../../src/system/shared-systems.ts";
import { runtimeNames } from "../../src/system/start-process.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";
import { timed } from "../../src/timed.ts";

describe.for(inject("systems"))("on $runtime, in one process", ({ url }) => {
  test.for(scenarios)("$title", ({ run }) => run(client(url)));
});

/** `wrangler dev` runs all Workers together; split is a matter of the host's runtimes. */
const splitRuntimes = runtimes.filter((runtime) => runtime !== "workerd");

describe.for(splitRuntimes)("on %s, one process a service", (runtime) => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ runtime, split: true, env: withoutLimits });
  });
  afterAll(() => system?.stop());

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
      .poll(() => api.get("/users/profile", late.token), { timeout: 30_000, interval: 100 })
      .toMatchObject({ status: 200, body: { id: late.id, username: late.username } });
  });
});
