import { userDeleted } from "@trivet/contracts";
import { newId } from "@trivet/platform";
import { envelopeOf, type Service, startService, writtenQueue } from "@trivet/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { item } from "../src/schemas.ts";
import worker from "../src/worker.ts";

let service: Service;
const queue = writtenQueue();
beforeAll(async () => {
  service = await startService("stencil", worker, { EVENTS_QUEUE: queue.binding });
});
afterAll(() => service.stop());

const path = "/stencil/items";
const added = "stencil.item_added";

interface Person {
  id: string;
  token: string;
}

const add = (as: Person, text: unknown = "milk", headers: Record<string, string> = {}) =>
  service.request("POST", path, { as, body: { text }, headers });
const list = async (as: Person, query = "") => {
  const { body } = await service.request("GET", `${path}${query}`, { as });
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() }).parse(body);
};
const textsOf = async (as: Person) => (await list(as)).items.map(({ text }) => text);
const announcedOf = async ({ id }: Person) => (await service.announced()).filter(({ subject }) => subject === id);

describe("an item", () => {
  test("is its owner's alone, and announced by its id", async () => {
    const [ada, bob] = [await service.person(), await service.person()];
    const { status, body } = await add(ada);
    expect(status).toBe(201);
    expect((await list(ada)).items).toEqual([body]);
    expect(await list(bob)).toEqual({ items: [], nextCursor: null });
    expect(await announcedOf(ada)).toEqual([
      { event: added, subject: ada.id, data: { userId: ada.id, itemId: item.parse(body).id } },
    ]);
  });

  test("is added once by requests with the same Idempotency-Key", async () => {
    const ada = await service.person();
    const key = { "idempotency-key": newId() };
    const [first, again] = [await add(ada, "milk", key), await add(ada, "milk", key)];
    expect({ status: again.status, body: again.body }).toEqual({ status: 201, body: first.body });
    expect((await add(ada, "bread", key)).status).toBe(422);
    expect(await textsOf(ada)).toEqual(["milk"]);
    expect(await announcedOf(ada)).toHaveLength(1);
  });

  test("is gone once its owner removes it, and nobody else can", async () => {
    const [ada, bob] = [await service.person(), await service.person()];
    const { id } = item.parse((await add(ada)).body);
    const remove = async (as: Person) => (await service.request("DELETE", `${path}/${id}`, { as })).status;
    expect(await remove(bob)).toBe(404);
    expect(await remove(ada)).toBe(204);
    expect(await remove(ada)).toBe(404);
    expect(await textsOf(ada)).toEqual([]);
  });

  test.each([[""], ["a".repeat(1_001)], ["\u0000"], [1], [null]])("cannot be %j", async (text) => {
    expect((await add(await service.person(), text)).status).toBe(400);
  });

  test("is nothing for whoever is not logged in", async () => {
    expect((await service.request("GET", path)).status).toBe(401);
    expect((await service.request("POST", path, { body: { text: "milk" } })).status).toBe(401);
  });
});

test("pages hold every item once, the latest first", async () => {
  const ada = await service.person();
  for (const text of ["1", "2", "3", "4", "5"]) await add(ada, text);
  const texts: string[] = [];
  for (let query: string | undefined = "?limit=2"; query !== undefined; ) {
    const { items, nextCursor }: Awaited<ReturnType<typeof list>> = await list(ada, query);
    texts.push(...items.map(({ text }) => text));
    query = nextCursor === null ? undefined : `?limit=2&cursor=${nextCursor}`;
  }
  expect(texts).toEqual(["5", "4", "3", "2", "1"]);
});

describe("user.deleted", () => {
  const deleted = ({ id }: Person) => service.hear(envelopeOf(userDeleted, id, { userId: id }));

  test("erases all items of the user and of nobody else, however often it comes", async () => {
    const [ada, bob] = [await service.person(), await service.person()];
    for (const person of [ada, ada, bob]) await add(person);
    for (let time = 0; time < 2; time += 1) await deleted(ada);
    expect(await textsOf(ada)).toEqual([]);
    expect(await textsOf(bob)).toEqual(["milk"]);
  });

  test("leaves nothing of what is added meanwhile or later, by a token that outlives the account", async () => {
    const ada = await service.person();
    const adding = Array.from({ length: 10 }, () => add(ada));
    await deleted(ada);
    await Promise.all(adding);
    expect((await add(ada)).status).toBe(404);
    expect(await textsOf(ada)).toEqual([]);
  });
});

describe("crons", () => {
  test("send what a crash has left in the outbox", async () => {
    const ada = await service.person();
    await service.sql`
      INSERT INTO stencil.outbox (id, event, version, service, subject, trace_id, span_id, data)
      VALUES (${newId()}, ${added}, 1, 'stencil', ${ada.id}, ${"0".repeat(32)}, ${"0".repeat(16)}, '{}')`;
    queue.sent.length = 0;
    await service.tick("* * * * *");
    expect(queue.sent).toMatchObject([{ event: added, subject: ada.id }]);
    expect(await service.sql`SELECT 1 FROM stencil.outbox`).toEqual([]);
  });

  test("forget answers after a day", async () => {
    const [ada, key] = [await service.person(), newId()];
    await add(ada, "milk", { "idempotency-key": key });
    const kept = () => service.sql`SELECT key FROM stencil.idempotency_keys WHERE key = ${key}`;
    await service.tick("41 4 * * *");
    expect(await kept()).toHaveLength(1);
    await service.sql`UPDATE stencil.idempotency_keys SET created_at = now() - interval '25 hours'`;
    await service.tick("41 4 * * *");
    expect(await kept()).toHaveLength(0);
  });
});
