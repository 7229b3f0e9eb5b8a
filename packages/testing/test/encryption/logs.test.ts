import { describe, expect, test } from "vitest";
import { outsideMessage } from "../../src/encryption/outsider.ts";
import { writeNote } from "../../src/encryption/vault.ts";
import { call, canary, fetchFrom, first, key, logged, other, processOf, send, wiretapped } from "./vault-system.ts";

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
