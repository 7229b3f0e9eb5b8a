import { IdempotentAnswers, openDatabase } from "@trivet/db";
import { access, createApp, createWorker, defineService, noContent, routesFor, serviceEnv } from "@trivet/http";
import { mintServiceToken } from "@trivet/platform";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createTestDatabase, type TestDatabase } from "../src/database/create-test-database.ts";
import { idempotencyKeys, twins } from "../src/faults/idempotency/service.ts";
import { twinsSchema } from "../src/faults/idempotency/twins.ts";
import { keeping } from "../src/service/keeping.ts";

const secret = "known-to-the-twins-alone-and-long-enough";
const worker = createWorker(twins);

let database: TestDatabase;
let sql: postgres.Sql;
let env: object;
const { keep, close } = keeping();

beforeAll(async () => {
  database = await createTestDatabase();
  sql = postgres(database.adminUrl, { max: 2, onnotice: () => {} });
  await sql.unsafe(twinsSchema);
  const DB = { connectionString: database.adminUrl, keep };
  env = { PUBLIC_URL: "http://twins.test", SERVICE_JWT_SECRET: secret, LOG_LEVEL: "fatal", DB };
});
afterAll(async () => {
  await close();
  await sql.end();
  await database.drop();
});

interface Sent {
  path?: string;
  as?: string;
  key?: string;
  text?: string;
  type?: string;
}

/** Says what came back, without what is of the moment. */
async function send(
  body: object | undefined,
  { path = "/twins/orders", as = "shop", key, text, type = "application/json" }: Sent = {},
) {
  const headers = new Headers({ "x-service-token": await mintServiceToken(as, "twins", secret) });
  if (key !== undefined) headers.set("idempotency-key", key);
  const init: RequestInit = { method: "POST", headers };
  if (body !== undefined) {
    headers.set("content-type", type);
    init.body = text ?? JSON.stringify(body);
  }
  const answer = await worker.fetch(new Request(`http://twins${path}`, init), env, { waitUntil: () => undefined });
  const whole = await answer.text();
  const { request_id: _, ...content } = whole === "" ? {} : Object(JSON.parse(whole));
  return {
    status: answer.status,
    content,
    headers: answer.headers,
    replayed: answer.headers.get("idempotency-replayed"),
  };
}

const effects = async (item: string): Promise<number> =>
  (await sql`SELECT 1 FROM twins.orders WHERE item = ${item}`).length;

/** A key and an item that no other test uses. */
const fresh = (): { key: string; item: string } => ({ key: crypto.randomUUID(), item: crypto.randomUUID() });

/** Resolves once a request with the key is under way. */
const claimed = (key: string) =>
  expect.poll(async () => (await sql`SELECT 1 FROM twins.idempotency_keys WHERE key = ${key}`).length).toBe(1);

describe("a request with an Idempotency-Key", () => {
  test("is carried out once: its repeat gets the same answer, marked as such", async () => {
    const { key, item } = fresh();
    const first = await send({ item }, { key });
    const repeat = await send({ item }, { key });
    expect(first).toMatchObject({ status: 201, content: { item }, replayed: null });
    expect(repeat).toMatchObject({ status: 201, content: first.content, replayed: "true" });
    expect(repeat.headers.get("content-type")).toBe(first.headers.get("content-type"));
    expect(await effects(item)).toBe(1);
  });

  test("is known by what it says, in whatever order", async () => {
    const { key, item } = fresh();
    await send({ item, size: 2 }, { key });
    expect(await send({}, { key, text: ` {"size" : 2, "item": "${item}"}` })).toMatchObject({ replayed: "true" });
  });

  test("may have no body, and no content in its answer", async () => {
    const { key } = fresh();
    const before = await effects("nothing");
    expect(await send(undefined, { key, path: "/twins/nothing" })).toMatchObject({ status: 204, replayed: null });
    expect(await send(undefined, { key, path: "/twins/nothing" })).toMatchObject({ status: 204, replayed: "true" });
    expect(await effects("nothing")).toBe(before + 1);
  });

  test("is answered again with the headers that speak of the answer, and no others", async () => {
    const { key, item } = fresh();
    const first = await send({ item }, { key, path: "/twins/notes" });
    const repeat = await send({ item }, { key, path: "/twins/notes" });
    expect(repeat).toMatchObject({ status: 201, content: first.content, replayed: "true" });
    expect(repeat.headers.get("location")).toBe(first.headers.get("location"));
    expect([...repeat.headers.keys()]).not.toContain("set-cookie");
    expect([...repeat.headers.keys()]).not.toContain("x-other");
  });

  test("422 where the key was sent with another body, path or query", async () => {
    const { key, item } = fresh();
    await send({ item }, { key });
    for (const [body, path] of [
      [{ item: "other" }, "/twins/orders"],
      [{ item, size: 1 }, "/twins/orders"],
      [{ item }, "/twins/notes"],
      [{ item }, "/twins/notes?copy=1"],
    ] as const) {
      expect(await send(body, { key, path })).toMatchObject({
        status: 422,
        content: { code: "idempotency_key_reused" },
      });
    }
    expect(await effects(item)).toBe(1);
  });

  test("is known by what it says where its type is written unusually, too", async () => {
    const { key, item } = fresh();
    const type = "application/json ; charset=UTF-8";
    expect(await send({ item }, { key, type })).toMatchObject({ status: 201, replayed: null });
    expect(await send({ item }, { key, type })).toMatchObject({ status: 201, replayed: "true" });
    expect(await send({ item: "other" }, { key, type })).toMatchObject({ status: 422 });
  });

  test("is its caller's own: another's with the same key is another request", async () => {
    const { key, item } = fresh();
    const mine = await send({ item }, { key, as: "shop" });
    const theirs = await send({ item }, { key, as: "market" });
    expect(theirs).toMatchObject({ status: 201, replayed: null });
    expect(theirs.content).not.toEqual(mine.content);
  });

  test("409 with Retry-After while the first is being answered, and its answer afterwards", async () => {
    const { key, item } = fresh();
    const first = send({ item, takes: 300 }, { key });
    await claimed(key);
    const meanwhile = await send({ item, takes: 300 }, { key });
    expect(meanwhile).toMatchObject({ status: 409, content: { code: "idempotency_key_in_use" } });
    expect(meanwhile.headers.get("retry-after")).toBe("1");
    const { content } = await first;
    expect(await send({ item, takes: 300 }, { key })).toMatchObject({ content, replayed: "true" });
  });

  test.for(["two words", "k".repeat(256), "schlüssel", "\u007f"])("400 that names the header for %j", async (key) => {
    const { item } = fresh();
    const errors = [{ in: "header", pointer: "/idempotency-key" }];
    expect(await send({ item }, { key })).toMatchObject({
      status: 400,
      content: { code: "validation_failed", errors },
    });
    expect(await effects(item)).toBe(0);
  });

  test("400 for none where one is required; elsewhere each request is one of its own", async () => {
    const { item } = fresh();
    expect(await send({ item }, { path: "/twins/notes" })).toMatchObject({ status: 400 });
    await send({ item });
    await send({ item });
    expect(await effects(item)).toBe(2);
  });
});

describe("a key is free again", () => {
  test("after a refusal, by the contract or by the service: mended, the request may come under it", async () => {
    const { key, item } = fresh();
    expect((await send({ item, unknown: 1 }, { key })).status).toBe(400);
    expect((await send({ item, fault: "refused" }, { key })).status).toBe(404);
    expect(await send({ item }, { key })).toMatchObject({ status: 201, replayed: null });
    expect(await effects(item)).toBe(1);
  });

  test("after a failure that undid the effect", async () => {
    const { key, item } = fresh();
    const failing = { item, fault: "failed before" };
    expect((await send(failing, { key })).status).toBe(500);
    expect((await send(failing, { key })).status).toBe(500);
    expect(await effects(item)).toBe(0);
    expect((await send({ item }, { key })).status).toBe(201);
  });

  test("after the lease of a run that died, for the same request alone", async () => {
    const { key, item } = fresh();
    await send({ item }, { key });
    await sql`UPDATE twins.idempotency_keys SET status = NULL, body = NULL WHERE key = ${key}`;
    expect((await send({ item }, { key })).status).toBe(409);
    await sql`UPDATE twins.idempotency_keys SET leased_until = now() - interval '1 second' WHERE key = ${key}`;
    expect((await send({ item: "other" }, { key })).status).toBe(422);
    expect(await send({ item }, { key })).toMatchObject({ status: 201, replayed: null });
  });

  test("after a day, for any request", async () => {
    const { key, item } = fresh();
    await send({ item: "old" }, { key });
    await sql`UPDATE twins.idempotency_keys SET created_at = now() - interval '23 hours 59 minutes' WHERE key = ${key}`;
    expect((await send({ item }, { key })).status).toBe(422);
    await sql`UPDATE twins.idempotency_keys SET created_at = now() - interval '24 hours 1 second' WHERE key = ${key}`;
    expect(await send({ item }, { key })).toMatchObject({ status: 201, replayed: null });
    expect(await send({ item }, { key })).toMatchObject({ status: 201, replayed: "true" });
  });

  test("of two that come when a lease is over, for one", async () => {
    const { key, item } = fresh();
    await send({ item }, { key });
    await sql`UPDATE twins.idempotency_keys SET status = NULL, leased_until = now() WHERE key = ${key}`;
    const statuses: number[] = [];
    const sending: Promise<unknown>[] = [];
    // Whoever runs cannot have its effect until the others have been told.
    await sql.begin(async (tx) => {
      await tx`LOCK TABLE twins.orders IN SHARE ROW EXCLUSIVE MODE`;
      for (let twin = 0; twin < 3; twin += 1) {
        sending.push(send({ item }, { key }).then(({ status }) => statuses.push(status)));
      }
      await expect.poll(() => statuses.length).toBe(2);
    });
    await Promise.all(sending);
    expect(statuses).toEqual([409, 409, 201]);
    expect(await effects(item)).toBe(2);
  });
});

describe("an answer that is kept in the transaction of its effect", () => {
  test("is there when the run fails right after: the repeat gets it, and there is no second effect", async () => {
    const { key, item } = fresh();
    const failing = { item, fault: "failed after" };
    expect((await send(failing, { key })).status).toBe(500);
    expect(await send(failing, { key })).toMatchObject({ status: 201, content: { item }, replayed: "true" });
    expect(await effects(item)).toBe(1);
  });

  test("undoes the effect of a run whose claim has passed to another", async () => {
    const { key, item } = fresh();
    const slow = send({ item, takes: 300 }, { key });
    await claimed(key);
    await sql`UPDATE twins.idempotency_keys SET leased_until = now() - interval '1 second' WHERE key = ${key}`;
    const [late, timely] = await Promise.all([slow, send({ item, takes: 300 }, { key })]);
    expect(late).toMatchObject({ status: 409, content: { code: "idempotency_key_in_use" } });
    expect(timely).toMatchObject({ status: 201, replayed: null });
    expect(await effects(item)).toBe(1);
  });

  test("is what makes the difference: one that is kept afterwards may be lost with its run", async () => {
    const { key, item } = fresh();
    const failing = { item, fault: "failed after" };
    for (const _ of [1, 2]) expect((await send(failing, { key, path: "/twins/notes" })).status).toBe(500);
    expect(await effects(item)).toBe(2);
  });
});

test("what is older than a day is swept, and nothing else", async () => {
  const [old, young] = [fresh(), fresh()];
  for (const { key, item } of [old, young]) await send({ item }, { key });
  await sql`UPDATE twins.idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = ${old.key}`;
  const binding = { connectionString: database.adminUrl, keep };
  const db = openDatabase(binding, { service: "twins", defer: () => expect.unreachable() });
  expect(await new IdempotentAnswers(db, idempotencyKeys).sweep()).toBe(1);
  const left = await sql`SELECT key FROM twins.idempotency_keys WHERE key IN ${sql([old.key, young.key])}`;
  expect(left.map(({ key }) => key)).toEqual([young.key]);
});

describe("at start", () => {
  const { route } = routesFor<object>();
  const contract = {
    method: "post",
    path: "/odd/things",
    summary: "Make a thing",
    access: access.user,
    idempotencyKey: "optional",
    request: {},
    responses: { 204: noContent("Made") },
  } as const;
  const odd = { name: "odd", version: "0.0.0", summary: "", env: serviceEnv, deps: () => ({}) };
  const idempotency = () =>
    new IdempotentAnswers(openDatabase({ connectionString: "" }, { service: "odd", defer() {} }), idempotencyKeys);
  const form = { content: { "text/plain": { schema: z.string() } } };

  test.for([
    ["a service that keeps no answers", contract, {}],
    ["anybody", { ...contract, access: access.anyone }, { idempotency }],
    ["whoever has no token", { ...contract, access: access.optional }, { idempotency }],
    ["a body that is not JSON", { ...contract, request: { body: form } }, { idempotency }],
  ] as const)("no keys for %s", ([, changed, keeping]) => {
    const routes = [route(changed, (c) => c.body(null, 204))];
    expect(() => createApp(defineService({ ...odd, ...keeping, routes }))).toThrow("takes an Idempotency-Key");
  });
});

test("the document says which routes take a key, and how they answer it", async () => {
  const answer = await worker.fetch(new Request("http://twins/twins/openapi.json"), env, {
    waitUntil: () => undefined,
  });
  const { paths } = Object(await answer.json());
  const { parameters, responses } = paths["/twins/notes"].post;
  expect(parameters).toContainEqual(expect.objectContaining({ name: "Idempotency-Key", in: "header", required: true }));
  expect(responses["201"].headers).toHaveProperty("idempotency-replayed");
  expect(JSON.stringify(responses["409"])).toContain("idempotency_key_in_use");
  expect(JSON.stringify(responses["422"])).toContain("idempotency_key_reused");
});
