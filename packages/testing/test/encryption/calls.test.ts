import { type CallInput, createCall } from "@trivet/platform";
import { describe, expect, test, vi } from "vitest";
import { moveNote, readNote, removeNote, writeNote } from "../../src/encryption/vault.ts";
import { call, canary, first, invocation, rings, secret, type Wire, wiretapped } from "./vault-system.ts";

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
