import process from "node:process";
import fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import { client } from "../../src/client.ts";
import { answerChecker } from "../../src/openapi/check-answer.ts";
import { type Operation, operationsOf, parseDocument } from "../../src/openapi/operations.ts";
import { requestsTo } from "../../src/openapi/requests.ts";
import { register, withRole } from "../../src/people.ts";
import { runtimeNames } from "../../src/system/start-process.ts";

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
  const administrator = await withRole(api, system.adminUrl, "admin");
  const reader = async (access: Operation["access"]) => (access === "role" ? administrator : eve);
  // What writes may end the session or the account it is called with.
  const writer = (access: Operation["access"]) =>
    access === "role" ? withRole(api, system.adminUrl, "admin") : register(api);
  const numRuns = system.runtime === "node" ? runsOnNode : runsElsewhere;

  test("the document has operations", () => expect(operations.length).toBeGreaterThan(20));

  test.for(operations)("$name keeps its contract, whatever is sent", { timeout: 120_000 }, async (operation) => {
    const somebody = operation.method === "GET" ? await reader(operation.access) : await writer(operation.access);
    const requests = requestsTo(document, operation, [ada.id, eve.id, somebody.id]);
    const property = fc.asyncProperty(requests, fc.boolean(), async ({ method, path, options }, known) => {
      const token = known || operation.access === "role" ? { token: somebody.token } : {};
      const send = () => timed(() => api.request(method, path, { ...options, ...token }));
      const { answer, took } = await send();
      const faults = check(operation, answer);
      // A stall of the machine is not the input's doing: what is slow by itself is slow again.
      if (took > slowest && (await send()).took > slowest) faults.push(`took ${Math.round(took)} ms, twice`);
      expect(faults, `${method} ${path}`).toEqual([]);
    });
    await fc.assert(property, { seed, numRuns });
  });

  test(`${runtimeNames[system.runtime]} still answers`, async () => {
    expect((await api.get("/ready")).status).toBe(200);
  });
});

async function timed<T>(send: () => Promise<T>): Promise<{ answer: T; took: number }> {
  const began = performance.now();
  const answer = await send();
  return { answer, took: performance.now() - began };
}
