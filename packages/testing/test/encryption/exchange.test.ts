import { createWorker, defineService, encryptionKeys, routesFor, serviceEnv } from "@trivet/http";
import {
  type CallInput,
  configureLogging,
  createCall,
  defineCall,
  type Invocation,
  jsonLines,
  KeyRing,
  keyRingsIn,
  mintServiceToken,
  newTrace,
  serviceLogger,
  Upstreams,
} from "@trivet/platform";
import { calculateJwkThumbprint, compactDecrypt } from "jose";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { createTestDatabase, type TestDatabase } from "../../src/database/create-test-database.ts";
import {
  bytesOf,
  type OutsideMessage,
  outsideMessage,
  readOutside,
  sealedUnder,
} from "../../src/encryption/outsider.ts";
import { done, moveNote, readNote, removeNote, vault, vaultSchema, writeNote } from "../../src/encryption/vault.ts";

const secret = "known-to-the-vault-alone-and-long-enough";
const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
const other = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
const canary = "canary-7d41-in-the-content";

const logged: string[] = [];
configureLogging({ level: "trace", sinks: { memory: (record) => logged.push(jsonLines(record)) } });

let database: TestDatabase;
let sql: postgres.Sql;
const closers: (() => Promise<void>)[] = [];

/** What one process of the service is given: a pool of its own, and whichever keys. */
const processOf = (keys: string) => ({
  PUBLIC_URL: "http://vault.test",
  SERVICE_JWT_SECRET: secret,
  LOG_LEVEL: "trace",
  VAULT_KEY: keys,
  DB: {
    connectionString: database.adminUrl,
    keep<Resource>(open: () => Resource, close: (resource: Resource) => Promise<void>): Resource {
      const resource = open();
      closers.push(() => close(resource));
      return resource;
    },
  },
});
let first: object;
let second: object;

beforeAll(async () => {
  database = await createTestDatabase();
  sql = postgres(database.adminUrl, { max: 2, onnotice: () => {} });
  await sql.unsafe(vaultSchema);
  first = processOf(key);
  second = processOf(key);
});
afterAll(async () => {
  await Promise.all(closers.map((close) => close()));
  await sql.end();
  await database.drop();
});

const errorNames = ["encryption_required", "decryption_failed", "encryption_expired", "encryption_replayed"];
const content = z.record(z.string(), z.unknown()).optional();
const operation = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string(), required: z.boolean() })).default([]),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(z.string(), z.looseObject({ content })),
});

const fetchFrom = async (env: object, request: Request): Promise<Response> =>
  await vault.fetch(request, env, { waitUntil: () => undefined });

const upstreams = new Upstreams();
const invocation = (): Invocation => ({
  service: "shop",
  requestId: "req-1",
  trace: newTrace(),
  deadline: Date.now() + 10_000,
  actor: { kind: "anonymous" },
  log: serviceLogger("shop"),
  upstreams,
  waitUntil: () => undefined,
  defer: () => undefined,
});
const rings = (keys = key) => keyRingsIn({ VAULT_KEY: KeyRing.parse(keys) });

/** Everything that went over the wire, as whoever listens has it. */
interface Wire {
  requests: { url: string; method: string; headers: Headers; body: string }[];
  responses: { status: number; headers: Headers; body: string }[];
}

/** The binding to the service, with somebody in between who listens, and may put in an answer of their own. */
function wiretapped(env: () => object, change = async (answer: Response): Promise<Response> => answer) {
  const wire: Wire = { requests: [], responses: [] };
  const binding = {
    async fetch(request: Request): Promise<Response> {
      const copy = request.clone();
      wire.requests.push({ url: copy.url, method: copy.method, headers: copy.headers, body: await copy.text() });
      const answer = await fetchFrom(env(), request);
      const seen = answer.clone();
      wire.responses.push({ status: seen.status, headers: seen.headers, body: await seen.text() });
      return await change(answer);
    },
  };
  return { wire, binding };
}

const call = (keys?: string) => createCall(invocation(), secret, rings(keys));

interface Sent extends Partial<OutsideMessage> {
  env?: object;
  /** The message instead of one that is made. */
  message?: string;
  headers?: Record<string, string>;
  token?: string | null;
}

/** Sends an encrypted POST that is right in all respects but the given ones. */
async function send({ env = first, message, headers = {}, token, ...changes }: Sent = {}): Promise<Response> {
  const { method = "POST", target = "/vault/internal/notes" } = changes;
  const right = { key, method, target, caller: "shop", callee: "vault", content: '{"text":"hello"}' };
  const text = message ?? (await outsideMessage({ ...right, type: "application/json", ...changes }));
  const all = new Headers({ "x-service-communication": "encrypted", "content-type": "application/jose", ...headers });
  if (token !== null) all.set("x-service-token", token ?? (await mintServiceToken("shop", "vault", secret)));
  return await fetchFrom(
    env,
    new Request(`http://vault/vault/internal/notes`, { method: "POST", headers: all, body: text }),
  );
}

const codeOf = async (response: Response): Promise<unknown> => Object(await response.json()).code;

describe("a call whose contract says so is encrypted", () => {
  test("both ways, with a body and without, with an answer and without: nobody on the way reads what it says", async () => {
    const { wire, binding } = wiretapped(() => first);
    expect(await call()(binding, writeNote, { body: { text: canary } })).toEqual({ text: canary });
    expect(await call()(binding, readNote, { params: { id: "1" }, query: { part: "a&b" } })).toEqual({ text: "1 a&b" });
    expect(await call()(binding, removeNote, { params: { id: "1" } })).toBeUndefined();
    const seen = wire.requests
      .concat(wire.responses as never)
      .map(({ headers, body }) => body + JSON.stringify([...headers]));
    expect(seen.join("")).not.toContain(canary);
    expect(seen.join("")).not.toContain(btoa(canary).slice(0, 20));
    expect(wire.responses.map(({ status }) => status)).toEqual([200, 200, 204]);
    expect(wire.responses.map(({ headers }) => headers.get("x-service-communication"))).toEqual(
      Array(3).fill("encrypted"),
    );
  });

  test("as the caller wishes where that is left to it", async () => {
    const { wire, binding } = wiretapped(() => first);
    const input: CallInput<typeof moveNote> = { body: { text: canary }, encrypted: true };
    expect(await call()(binding, moveNote, input)).toEqual({ text: canary });
    expect(wire.requests[0]?.body).not.toContain(canary);
    expect(await call()(binding, moveNote, { body: { text: canary } })).toEqual({ text: canary });
    expect(wire.requests[1]?.body).toContain(canary);
  });

  test("its refusals, too: the status is readable, the sentence is not, and the caller gets both", async () => {
    const { wire, binding } = wiretapped(() => first);
    const refused = expect.objectContaining({ code: "not_found", message: "The note of Ada's is not there." });
    await expect(call()(binding, readNote, { params: { id: "none" }, query: {} })).rejects.toEqual(refused);
    expect(wire.responses[0]?.status).toBe(404);
    expect(wire.responses[0]?.body).not.toContain("Ada");
    expect(wire.responses[0]?.headers.get("content-type")).toBe("application/jose");
  });

  test("a try that is made again is another message, so that no retry is taken for a replay", async () => {
    const once = { failed: false };
    const { wire, binding } = wiretapped(
      () => first,
      async (answer) => {
        if (once.failed) return answer;
        once.failed = true;
        return new Response(null, { status: 503 });
      },
    );
    await call()(binding, removeNote, { params: { id: "2" } });
    const messages = wire.requests.map(({ headers }) => headers.get("x-encrypted-message"));
    expect(messages).toHaveLength(2);
    expect(messages[0]).not.toBe(messages[1]);
  });

  test("and never made without its key", async () => {
    const { wire, binding } = wiretapped(() => first);
    const bare = createCall(invocation(), secret);
    await expect(bare(binding, writeNote, { body: { text: "x" } })).rejects.toThrow("VAULT_KEY");
    expect(wire.requests).toHaveLength(0);
  });
});

describe("whoever stands between caller and callee", () => {
  const attempts: [string, (answer: Response, wire: Wire) => Promise<Response>][] = [
    ["an answer in plain", async () => Response.json({ text: "forged" })],
    ["a refusal in plain", async () => Response.json({ code: "not_found" }, { status: 404 })],
    ["another status", async (answer) => new Response(answer.body, { status: 201, headers: answer.headers })],
    ["the request as its answer", async (answer, { requests }) => new Response(requests.at(-1)?.body, answer)],
    ["the answer to an earlier request", async (answer, { responses }) => new Response(responses[0]?.body, answer)],
    ["a changed answer", async (answer) => new Response((await answer.text()).replace(/.$/, "x"), answer)],
    [
      "the same without its mark",
      async (answer) => {
        const headers = new Headers(answer.headers);
        headers.delete("x-service-communication");
        return new Response(answer.body, { headers });
      },
    ],
  ];
  test.each(attempts)("cannot put in %s: that is a bad gateway", async (_, change) => {
    let turn = 0;
    const { wire, binding } = wiretapped(
      () => first,
      async (answer) => {
        turn += 1;
        return turn === 1 ? answer : await change(answer, wire);
      },
    );
    expect(await call()(binding, writeNote, { body: { text: "one" } })).toEqual({ text: "one" });
    const bad = expect.objectContaining({ code: "bad_gateway" });
    await expect(call()(binding, writeNote, { body: { text: "two" } })).rejects.toEqual(bad);
  });

  test("can make no old answer of a fresh one: the caller's clock decides, to half a minute", async () => {
    const late = (seconds: number) => async (answer: Response) => {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1_000 });
      return answer;
    };
    for (const [seconds, isFresh] of [
      [85, true],
      [95, false],
      [-25, true],
      [-35, false],
    ] as const) {
      const { binding } = wiretapped(() => first, late(seconds));
      const asked = createCall({ ...invocation(), deadline: Date.now() + 600_000 }, secret, rings())(
        binding,
        readNote,
        {
          params: { id: "1" },
          query: {},
        },
      );
      await (isFresh ? expect(asked).resolves.toBeDefined() : expect(asked).rejects.toThrow()).finally(() =>
        vi.useRealTimers(),
      );
    }
  });
});

describe("a route that asks for encryption", () => {
  test("400 encryption_required in plain, behind access: a stranger learns nothing of it", async () => {
    const body = JSON.stringify({ text: "x" });
    const plain = async (headers: Record<string, string>) =>
      await fetchFrom(
        first,
        new Request("http://vault/vault/internal/notes", {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body,
        }),
      );
    expect(await codeOf(await plain({}))).toBe("service_token_required");
    const answer = await plain({ "x-service-token": await mintServiceToken("shop", "vault", secret) });
    expect(answer.status).toBe(400);
    expect(await codeOf(answer)).toBe("encryption_required");
  });

  test("200 to who has nothing but jose and the documents", async () => {
    const response = await send();
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/jose");
    const { header, text } = await readOutside(response, key);
    expect(JSON.parse(text)).toEqual({ text: "hello" });
    expect(header).toMatchObject({ typ: "trivet-response+jwe", iss: "vault", aud: "shop", status: 200, htm: "POST" });
  });

  const target = "/vault/internal/notes";
  const now = () => Math.floor(Date.now() / 1_000);
  const wrong: [string, () => Promise<Response>][] = [
    ["another method", () => send({ header: { htm: "PUT" } })],
    ["another path", () => send({ header: { htu: "/vault/internal/other" } })],
    ["another query", () => send({ header: { htu: "/vault/internal/notes?x=1" } })],
    ["another callee", () => send({ callee: "users" })],
    ["another caller than the token says", () => send({ caller: "market" })],
    ["the type of an answer", () => send({ header: { typ: "trivet-response+jwe" } })],
    ["no type", () => send({ header: { typ: undefined } })],
    ["a key that is not in the ring", () => send({ key: other })],
    [
      "the right key's id over another key",
      async () => {
        const right = await outsideMessage({ key, method: "POST", target: "", caller: "shop", callee: "vault" });
        const kid = JSON.parse(atob(right.split(".")[0] ?? "")).kid;
        return await send({ key: other, header: { kid } });
      },
    ],
    ["no time of issue", () => send({ header: { iat: undefined } })],
    ["no expiry", () => send({ header: { exp: undefined } })],
    ["a lifetime of over a minute", () => send({ header: { exp: now() + 120 } })],
    ["an expiry before its issue", () => send({ header: { exp: now() - 1 } })],
    ["times that are no whole numbers", () => send({ header: { iat: now() + 0.5 } })],
    ["no id", () => send({ header: { jti: undefined } })],
    ["an id that can be guessed", () => send({ header: { jti: "1" } })],
    ["a parameter that nobody knows", () => send({ header: { jku: "http://evil.test" } })],
    ["a critical parameter", () => send({ header: { crit: ["exp"] } })],
    [
      "a parameter that comes twice",
      async () => {
        const right = await outsideMessage({ key, method: "POST", target, caller: "shop", callee: "vault" });
        const header = atob(right.slice(0, right.indexOf(".")).replaceAll("-", "+").replaceAll("_", "/"));
        const twice = header.replace("{", '{"htm":"PUT",');
        return await send({ message: await sealedUnder(key, twice, '{"text":"hello"}') });
      },
    ],
    ["compressed content", () => send({ header: { zip: "DEF" } })],
    ["another algorithm", () => send({ header: { alg: "A256KW" } })],
    ["another encryption", () => send({ header: { enc: "A256CBC-HS512" } })],
    ["nothing", () => send({ message: "" })],
    ["plain JSON", () => send({ message: '{"text":"hello"}' })],
    ["the JSON serialisation", () => send({ message: '{"protected":"e30","iv":"","ciphertext":"","tag":""}' })],
    ["a message in both places", () => send({ headers: { "x-encrypted-message": "a.b.c.d.e" } })],
    ["a body that says it is JSON", () => send({ headers: { "content-type": "application/json" } })],
  ];
  test("one and the same answer to everything that is wrong with a message but its time", async () => {
    const answers: unknown[] = [];
    for (const [name, forge] of wrong) {
      const response = await forge();
      const { request_id: _, ...problem } = Object(await response.json());
      answers.push({ name, status: response.status, ...problem });
    }
    const [{ name: _, ...same }] = answers as [{ name: string }];
    expect(same).toMatchObject({ status: 400, code: "decryption_failed" });
    expect(answers).toEqual(wrong.map(([name]) => ({ name, ...same })));
  });

  test.each([
    ["86 s ago, a second within its lifetime and the half minute that clocks may differ", -86, "opened"],
    ["95 s ago", -95, "encryption_expired"],
    ["25 s from now", 25, "opened"],
    ["35 s from now", 35, "encryption_expired"],
  ])("a message made %s: %s", async (_, shift, outcome) => {
    const iat = now() + shift;
    const response = await send({ header: { iat, exp: iat + 60 } });
    if (outcome === "opened") expect(response.status).toBe(200);
    else expect(await codeOf(response)).toBe(outcome);
  });

  test("every part of a message counts: one changed character anywhere, and it is refused", async () => {
    const message = await outsideMessage({
      key,
      ...{ method: "POST", target: "/vault/internal/notes", caller: "shop", callee: "vault" },
      ...{ content: '{"text":"hello"}', type: "application/json" },
    });
    const accepted: number[] = [];
    for (let at = 0; at < message.length; at += 1) {
      const changed = message[at] === "A" ? "B" : "A";
      const forged = message.slice(0, at) + changed + message.slice(at + 1);
      const response = await send({ message: forged });
      if (response.status !== 400) accepted.push(at);
    }
    expect(accepted).toEqual([]);
    for (const forged of [`${message}=`, `${message} `, `${message}.`, message.slice(0, -1), `${message}A`]) {
      expect((await send({ message: forged })).status, forged.slice(-5)).toBe(400);
    }
    expect((await send({ message })).status).toBe(200);
  });

  test("413 to what is longer than the body may be, encrypted or not, before it is decrypted", async () => {
    const exact = JSON.stringify({ text: "x".repeat(1024 * 1024 - '{"text":""}'.length) });
    expect((await send({ content: exact })).status).toBe(200);
    const over = await send({ content: `${exact} ` });
    expect(over.status).toBe(413);
    expect((await send({ message: "A".repeat(1_500_000) })).status).toBe(413);
  });

  test("bytes of every value, and none at all, go there and back with their type", async () => {
    const every = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256);
    const post = async (content: Uint8Array, type?: string) => {
      const target = "/vault/bytes";
      const typed = type === undefined ? {} : { type };
      const body = await outsideMessage({
        key,
        method: "POST",
        target,
        caller: "me",
        callee: "vault",
        content,
        ...typed,
      });
      const headers = { "x-service-communication": "encrypted", "content-type": "application/jose" };
      return await fetchFrom(first, new Request(`http://vault${target}`, { method: "POST", headers, body }));
    };
    const whole = await compactDecrypt(await (await post(every, "image/x-noise")).text(), bytesOf(key));
    expect(whole.plaintext).toEqual(every);
    expect(whole.protectedHeader.cty).toBe("image/x-noise");
    const empty = await compactDecrypt(await (await post(new Uint8Array())).text(), bytesOf(key));
    expect(empty.plaintext).toHaveLength(0);
  });
});

describe("a message that comes again", () => {
  const fresh = () =>
    outsideMessage({
      key,
      ...{ method: "POST", target: "/vault/internal/notes", caller: "shop", callee: "vault" },
      ...{ content: '{"text":"hello"}', type: "application/json" },
    });

  test("409, to any process of the service, and nothing is done a second time", async () => {
    const message = await fresh();
    const before = done.written;
    expect((await send({ message })).status).toBe(200);
    for (const env of [first, second]) {
      const again = await send({ message, env });
      expect(again.status).toBe(409);
      expect(JSON.parse((await readOutside(again, key)).text)).toMatchObject({ code: "encryption_replayed" });
    }
    expect(done.written).toBe(before + 1);
  });

  test("of forty copies at once in two processes one is carried out", async () => {
    const message = await fresh();
    const before = done.written;
    const copies = Array.from({ length: 40 }, (_, turn) => send({ message, env: turn % 2 === 0 ? first : second }));
    const statuses = (await Promise.all(copies)).map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, ...Array(39).fill(409)]);
    expect(done.written).toBe(before + 1);
  });

  test("is refused also when the first had failed or had been refused: nobody can say what it did", async () => {
    const failing = await outsideMessage({
      key,
      ...{ method: "POST", target: "/vault/internal/notes", caller: "shop", callee: "vault" },
      ...{ content: '{"text":"fail"}', type: "application/json" },
    });
    expect((await send({ message: failing })).status).toBe(500);
    expect((await send({ message: failing })).status).toBe(409);
  });

  test("503 while nobody can say whether it has come: it is not carried out", async () => {
    const gone = processOf(key);
    const nowhere = { ...gone, DB: { connectionString: "postgres://nobody:x@127.0.0.1:1/none" } };
    const before = done.written;
    expect((await send({ env: nowhere })).status).toBe(503);
    expect(done.written).toBe(before);
  });

  test("a safe one may: what it passes may repeat it, and its answer is no less secret", async () => {
    const target = "/vault/notes";
    const message = await outsideMessage({ key, method: "GET", target, caller: "me", callee: "vault" });
    const headers = { "x-service-communication": "encrypted", "x-encrypted-message": message };
    const get = () => fetchFrom(first, new Request(`http://vault${target}`, { headers }));
    expect([(await get()).status, (await get()).status]).toEqual([200, 200]);
  });
});

describe("keys", () => {
  test("are changed under load, step by step on either side, and nobody is refused", async () => {
    // Each side goes through the steps at its own time; at most one apart, as a rollout has it.
    const steps = [key, `${key},${other}`, `${other},${key}`, other];
    const envs = steps.map(processOf);
    let answered = 0;
    const worker = async (callee: number, caller: number) => {
      const { binding } = wiretapped(() => envs[callee] ?? first);
      for (let turn = 0; turn < 15; turn += 1) {
        const text = `${callee} ${caller} ${turn}`;
        expect(await call(steps[caller])(binding, writeNote, { body: { text } })).toEqual({ text });
        answered += 1;
      }
    };
    const pairs = steps.flatMap((_, callee) =>
      steps.flatMap((__, caller) => (Math.abs(callee - caller) <= 1 ? [[callee, caller] as const] : [])),
    );
    await Promise.all(pairs.map(([callee, caller]) => worker(callee, caller)));
    expect(answered).toBe(pairs.length * 15);
  });

  test("that have been taken out open nothing any more", async () => {
    const env = processOf(other);
    expect(await codeOf(await send({ env }))).toBe("decryption_failed");
  });

  test("are told apart by their RFC 7638 thumbprint, and may be in base64 or base64url", async () => {
    const twoOfThem = "+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/8=";
    const ring = KeyRing.parse(twoOfThem);
    const k = twoOfThem.replaceAll("+", "-").replaceAll("/", "_").replace("=", "");
    expect(ring?.current).toBe(await calculateJwkThumbprint({ kty: "oct", k }));
    expect(KeyRing.parse(k)?.current).toBe(ring?.current);
  });

  test.each(["", "short", `${key},`, `${key},x`, `${key}A`, "A".repeat(44)])("%j are none", (text) => {
    expect(KeyRing.parse(text)).toBeUndefined();
    expect(() => encryptionKeys.parse(text)).toThrow("openssl rand -base64 32");
  });
});

describe("a route that leaves it to the caller", () => {
  const ask = (method: string, headers: Record<string, string>, path = "/vault/notes") =>
    fetchFrom(first, new Request(`http://vault${path}`, { method, headers }));

  test("answers X-Encrypt-Response: true encrypted, whatever it answers, and its tag and length with it", async () => {
    const read = await ask("GET", { "x-encrypt-response": "true" });
    expect(read.headers.has("etag")).toBe(false);
    expect(read.headers.get("cache-control")).toBe("no-store");
    const { header, text } = await readOutside(read, key);
    expect(JSON.parse(text)).toEqual({ text: "kept" });
    expect(header).toMatchObject({ status: 200, cty: "application/json", htm: "GET", htu: "/vault/notes" });
    const removed = await ask("DELETE", { "x-encrypt-response": "true" });
    expect(removed.status).toBe(204);
    expect((await readOutside(removed, key)).header).toMatchObject({ status: 204 });
    const head = await ask("HEAD", { "x-encrypt-response": "true" });
    expect((await readOutside(head, key)).header).toMatchObject({ status: 200, htm: "HEAD" });
    const refused = await ask("GET", { "x-encrypt-response": "true" }, "/vault/notes?x=1");
    expect(refused.status).toBe(400);
    expect(JSON.parse((await readOutside(refused, key)).text)).toMatchObject({ code: "validation_failed" });
  });

  test("answers in plain without it, or with false", async () => {
    for (const headers of [{}, { "x-encrypt-response": "false" }] as Record<string, string>[]) {
      expect(await (await ask("GET", headers)).json()).toEqual({ text: "kept" });
    }
  });

  test.each([
    ["x-encrypt-response", "yes"],
    ["x-service-communication", "plain"],
  ])("400 that names the header for %s: %s", async (name, value) => {
    const response = await ask("GET", { [name]: value });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ errors: [{ in: "header", pointer: `/${name}` }] });
  });
});

describe("a route that has none", () => {
  test.each([
    ["x-encrypt-response", "true"],
    ["x-service-communication", "encrypted"],
  ])("refuses who asks for it by %s, rather than to answer in plain", async (name, value) => {
    const headers = { "content-type": "application/json", [name]: value };
    const body = '{"text":"x"}';
    const response = await fetchFrom(first, new Request("http://vault/vault/plain", { method: "POST", headers, body }));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "validation_failed", errors: [{ pointer: `/${name}` }] });
  });
});

describe("a service that could not keep its word does not start", () => {
  const { serve } = routesFor<object>();
  const about = { name: "vault", version: "1", summary: "", env: serviceEnv, deps: () => ({}) };
  const plain = { PUBLIC_URL: "http://vault.test", SERVICE_JWT_SECRET: secret };

  test("without its key", async () => {
    const routes = [serve(readNote, async () => ({ text: "" }))];
    const worker = createWorker(defineService({ ...about, routes }));
    const asking = async () =>
      await worker.fetch(new Request("http://vault/vault/health"), plain, { waitUntil: () => undefined });
    await expect(asking()).rejects.toThrow("name VAULT_KEY in [secrets]");
  });

  test("without a place for the ids of what changes something", () => {
    const write = defineCall({ ...writeNote });
    const routes = [serve(write, async ({ body }) => body)];
    expect(() => createWorker(defineService({ ...about, routes }))).toThrow("no `replays`");
  });
});

describe("the document", () => {
  test("names the headers, both media types and the refusals of a route, and nothing of them where there are none", async () => {
    const { paths } = z
      .object({ paths: z.record(z.string(), z.record(z.string(), operation)) })
      .parse(await (await fetchFrom(first, new Request("http://vault/vault/openapi.json"))).json());
    const named = (path: string, method: string) => {
      const found = paths[path]?.[method];
      const codes = JSON.stringify(found?.responses ?? {});
      return {
        headers: found?.parameters.map(({ name, required }) => `${name}${required ? "!" : ""}`),
        request: Object.keys(found?.requestBody?.content ?? {}),
        answer: Object.keys(found?.responses["200"]?.content ?? {}),
        refusal: Object.keys(found?.responses["400"]?.content ?? {}),
        codes: [...errorNames].filter((code) => codes.includes(code)),
      };
    };
    const both = ["application/json", "application/jose"];
    const refusal = ["application/problem+json", "application/jose"];
    expect(named("/vault/notes", "post")).toEqual({
      headers: ["x-service-communication", "x-encrypt-response"],
      ...{ request: both, answer: both, refusal },
      codes: ["decryption_failed", "encryption_expired", "encryption_replayed"],
    });
    expect(named("/vault/notes", "get")).toEqual({
      headers: ["x-service-communication", "x-encrypted-message", "x-encrypt-response"],
      ...{ request: [], answer: both, refusal },
      codes: ["decryption_failed", "encryption_expired"],
    });
    expect(named("/vault/bytes", "post")).toMatchObject({
      headers: ["x-service-communication!", "x-encrypted-message!"],
      codes: ["encryption_required", "decryption_failed", "encryption_expired", "encryption_replayed"],
    });
    expect(named("/vault/plain", "post")).toMatchObject({ headers: [], answer: ["application/json"], codes: [] });
  });
});

describe("what is told of it", () => {
  test("outcomes are counted, and refusals logged with their reason and their time", async () => {
    logged.length = 0;
    const env = processOf(key);
    const iat = Math.floor(Date.now() / 1_000);
    const forward = { iat: iat + 100, exp: iat + 150 };
    const back = { iat: iat - 150, exp: iat - 100 };
    const message = await outsideMessage({
      key,
      ...{ method: "POST", target: "/vault/internal/notes", caller: "shop", callee: "vault" },
      ...{ content: '{"text":"hello"}', type: "application/json" },
    });
    await send({ env, message });
    await send({ env, message });
    await send({ env, key: other });
    await send({ env, header: { htm: "PUT" } });
    await send({ env, header: forward });
    await send({ env, header: back });
    await send({ env, message: "a.b.c" });
    await send({ env, message: message.replace(/..$/, (end) => (end === "AA" ? "BA" : "AA")) });
    await send({ env, headers: { "x-service-communication": "" } });
    const outcomes = [
      ...["opened", "replayed", "unknown_key", "misdirected"],
      ...["early", "expired", "malformed", "tampered", "required"],
    ];
    const lines = logged
      .map((line) => JSON.parse(line))
      .filter(({ message: said }) => said.startsWith("Encrypted request"));
    expect(lines.map(({ properties }) => properties.outcome)).toEqual(outcomes);
    expect(lines.map(({ level }) => level)).toEqual(["DEBUG", ...Array(8).fill("WARN")]);
    expect(lines[1].properties.open_ms).toBeGreaterThan(0);
    const metrics = await (await fetchFrom(env, new Request("http://vault/vault/metrics"))).text();
    for (const outcome of outcomes) {
      expect(metrics).toContain(`encrypted_requests_total{service="vault",outcome="${outcome}"} 1\n`);
    }
  });

  test("neither content nor keys reach a log line, at any level", async () => {
    logged.length = 0;
    await send({ content: JSON.stringify({ text: canary }) });
    await send({ content: JSON.stringify({ text: canary, more: canary }) });
    await send({ content: JSON.stringify({ text: canary }), key: other });
    const { binding } = wiretapped(() => first);
    await call()(binding, writeNote, { body: { text: canary } });
    const all = logged.join("\n");
    expect(logged.length).toBeGreaterThanOrEqual(5);
    for (const word of [canary, key, other]) expect(all).not.toContain(word);
  });
});
