import { createWorker, defineService, encryptionKeys, routesFor, serviceEnv } from "@trivet/http";
import { defineCall, KeyRing } from "@trivet/platform";
import { calculateJwkThumbprint } from "jose";
import { describe, expect, test } from "vitest";
import { readNote, writeNote } from "../../src/encryption/vault.ts";
import { call, codeOf, first, key, other, processOf, secret, send, wiretapped } from "./vault-system.ts";

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
