import { expect, test } from "vitest";
import { killReplica, restartReplicas } from "../../src/faults/restart.ts";

// Short forms of `npm run fault:rolling-restart`; how processes of one box are replaced is tested where they are started.
const options = { runtime: "node", rate: 40 } as const;
const slow = { timeout: 180_000 };

test(
  "three replicas of a service are stopped and started under load: no request fails, no job is lost",
  slow,
  async () => {
    expect(await restartReplicas(options)).toMatchObject({ failed: [], restarts: 3, badExits: 0, jobsLost: 0 });
  },
);

test(
  "one of three replicas is killed under load: nothing that may be asked for again fails, no job is lost",
  slow,
  async () => {
    const { failed, jobsLost } = await killReplica(options);
    expect(failed.filter((what) => what.startsWith("GET"))).toEqual([]);
    expect(jobsLost).toBe(0);
  },
);
