import { mintServiceToken } from "@trivet/platform";
import { compactDecrypt } from "jose";
import { describe, expect, test } from "vitest";
import { bytesOf, outsideMessage, readOutside, sealedUnder } from "../../src/encryption/outsider.ts";
import { codeOf, fetchFrom, first, key, other, secret, send } from "./vault-system.ts";

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
