import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { client } from "../../src/client.ts";
import { register } from "../../src/people.ts";
import { scenarios } from "../../src/scenarios/main-job.ts";
import { runtimes, withoutLimits } from "../../src/system/shared-systems.ts";
import { runtimeNames } from "../../src/system/start-process.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";

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
    const timed = async () => {
      const began = performance.now();
      return { ...(await register(api)), took: performance.now() - began };
    };
    await register(api);
    const early = await timed();
    expect((await api.get("/users/profile", early.token)).status).toBe(200);

    await system.stopService("users");
    const late = await timed();
    // Delivery is given two seconds before the answer goes without it. A machine that is slow now was slow a moment ago.
    expect(late.took).toBeLessThan(Math.max(5_000, 10 * early.took));
    expect((await api.get("/auth/me", late.token)).status).toBe(200);
    expect((await api.get("/users/profile", late.token)).status).toBe(503);
    expect(await api.get("/health/services")).toMatchObject({ status: 200 });

    await system.startService("users");
    await expect
      .poll(() => api.get("/users/profile", late.token), { timeout: 30_000, interval: 100 })
      .toMatchObject({ status: 200, body: { id: late.id, username: late.username } });
  });
});
