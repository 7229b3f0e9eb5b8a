import process from "node:process";
import fc from "fast-check";
import { afterAll, describe, expect, inject, test } from "vitest";
import { client } from "../../src/client.ts";
import { commitProbe } from "../../src/database/commit-probe.ts";
import { answerChecker } from "../../src/openapi/check-answer.ts";
import { type Operation, operationsOf, parseDocument } from "../../src/openapi/operations.ts";
import { requestsTo } from "../../src/openapi/requests.ts";
import { register, withRole } from "../../src/people.ts";
import { runtimeNames } from "../../src/system/start-process.ts";
import { timed } from "../../src/timed.ts";

// One seed, so that a run can be repeated; set these two to search further.
const seed = Number(process.env.TRIVET_FUZZ_SEED ?? 20_261_120);
const runsOnNode = Number(process.env.TRIVET_FUZZ_RUNS ?? 40);
/** The runtimes share the code; the others get enough to meet what differs. */
const runsElsewhere = Math.ceil(runsOnNode / 5);
const slowest = 2_000;

describe.for(inject("systems"))("on $runtime", async (system) => {
  const api = client(system.url);
  const document = parseDocument((await api.get("/openapi.json")).text);
  const check = answerChecker(document);
  const operations = operationsOf(document);
  const [ada, eve] = [await register(api), await register(api)];
  // A call may end the session, the account or the role it is made with; until then one person will do.
  let [user, admin] = [eve, await withRole(api, system.adminUrl, "admin")];
  const caller = async (access: Operation["access"]) => {
    if (access !== "role") {
      if ((await api.get("/auth/me", user.token)).status !== 200) user = await register(api);
      return user;
    }
    if ((await api.get("/auth/admin/audit", admin.token)).status !== 200) {
      admin = await withRole(api, system.adminUrl, "admin");
    }
    return admin;
  };
  const machine = commitProbe(system.adminUrl);
  afterAll(machine.end);
  const numRuns = system.runtime === "node" ? runsOnNode : runsElsewhere;

  test("the document has operations", () => expect(operations.length).toBeGreaterThan(20));

  test.for(operations)("$name keeps its contract, whatever is sent", { timeout: 120_000 }, async (operation) => {
    const somebody = await caller(operation.access);
    const requests = requestsTo(document, operation, [ada.id, eve.id, somebody.id]);
    const property = fc.asyncProperty(requests, fc.boolean(), async ({ method, path, options }, known) => {
      const token = known || operation.access === "role" ? { token: somebody.token } : {};
      const send = () => api.request(method, path, { ...options, ...token });
      const { outcome: answer, milliseconds } = await timed(send, machine.probe);
      const faults = check(operation, answer);
      if (milliseconds > slowest) faults.push(`took ${Math.round(milliseconds)} ms`);
      expect(faults, `${method} ${path}`).toEqual([]);
    });
    await fc.assert(property, { seed, numRuns });
  });

  test(`${runtimeNames[system.runtime]} still answers`, async () => {
    expect((await api.get("/ready")).status).toBe(200);
  });
});
