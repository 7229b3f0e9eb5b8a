import process from "node:process";
import fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import { type Client, client } from "../../src/client.ts";
import { differences } from "../../src/differential/differences.ts";
import { exceptions } from "../../src/differential/exceptions.ts";
import { Normaliser } from "../../src/differential/normalise.ts";
import { oddRequests } from "../../src/differential/odd-requests.ts";
import { operationsOf, parseDocument } from "../../src/openapi/operations.ts";
import { type GeneratedRequest, requestsTo } from "../../src/openapi/requests.ts";
import { newCredentials, type Person, register } from "../../src/people.ts";

const seed = Number(process.env.TRIVET_FUZZ_SEED ?? 20_261_120);
const perOperation = Number(process.env.TRIVET_DIFFERENTIAL_RUNS ?? 40);

interface Side {
  name: string;
  api: Client;
  normaliser: Normaliser;
  /** The same people everywhere; their ids and tokens differ. */
  people: Person[];
}

// Names that no other suite uses, so that searching for them finds the same people everywhere.
const cast = [newCredentials("dora"), newCredentials("dorian"), newCredentials("dorothea")];

const sides: Side[] = await Promise.all(
  inject("systems").map(async ({ runtime, url }) => {
    const api = client(url);
    const people: Person[] = [];
    for (const credentials of cast) people.push(await register(api, credentials));
    const normaliser = new Normaliser();
    // The first ids to be numbered, so that they have the same numbers everywhere.
    for (const { id } of people) normaliser.answer({ status: 0, headers: new Headers(), text: id, body: id });
    return { name: runtime, api, normaliser, people };
  }),
);

/** Ids that stand for the cast; each side puts its own in their place. */
const stand = cast.map((_, index) => `00000000-0000-4000-8000-00000000000${index}`);

const document = parseDocument((await (sides[0]?.api.get("/openapi.json") ?? Promise.reject())).text);

/** Sends one request everywhere and says where the answers part. */
async function compare(request: GeneratedRequest, as: number | undefined): Promise<string[]> {
  if (exceptions.some((exception) => exception.applies(request))) return [];
  const answers = await Promise.all(
    sides.map(async ({ api, normaliser, people }) => {
      const token = as === undefined ? {} : { token: people[as]?.token ?? "" };
      const path = stand.reduce((text, id, index) => text.replaceAll(id, people[index]?.id ?? ""), request.path);
      return normaliser.answer(await api.request(request.method, path, { ...request.options, ...token }));
    }),
  );
  const [first, ...others] = answers;
  return others.flatMap((other, index) => {
    const apart = differences(first, other);
    if (apart.length === 0) return [];
    const names = `${sides[0]?.name} | ${sides[index + 1]?.name}`;
    return `${request.method} ${request.path} ${JSON.stringify(request.options).slice(0, 300)} on ${names}\n  ${apart.join("\n  ")}`;
  });
}

async function compareAll(requests: readonly GeneratedRequest[], as: number | undefined): Promise<string[]> {
  const found: string[] = [];
  for (const request of requests) found.push(...(await compare(request, as)));
  return found;
}

// What ends a session or an account would leave nothing to compare with afterwards.
const ending = /^(?:POST \/auth\/logout|DELETE \/auth\/sessions|DELETE \/users\/profile|POST \/auth\/password\/change)/;

describe("the same requests are answered the same on all runtimes", () => {
  test("three runtimes take part", () => expect(sides.map(({ name }) => name)).toEqual(["node", "bun", "workerd"]));

  test.for(operationsOf(document))("$name", { timeout: 120_000 }, async (operation) => {
    const requests = fc.sample(requestsTo(document, operation, stand), { numRuns: perOperation, seed });
    const half = Math.ceil(requests.length / 2);
    const found = [
      ...(await compareAll(requests.slice(0, half), undefined)),
      ...(ending.test(operation.name) ? [] : await compareAll(requests.slice(half), 0)),
    ];
    expect(found.slice(0, 5).join("\n")).toBe("");
  });

  test("odd methods, spellings, headers and bodies", { timeout: 120_000 }, async () => {
    const odd = oddRequests();
    const found = [...(await compareAll(odd, undefined)), ...(await compareAll(odd, 1))];
    expect(found.slice(0, 40).join("\n")).toBe("");
  });
});
