import { describe, expect, test } from "vitest";
import { outsideMessage, readOutside } from "../../src/encryption/outsider.ts";
import { done } from "../../src/encryption/vault.ts";
import { fetchFrom, first, key, processOf, second, send } from "./vault-system.ts";

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
