import { isOfOneReplica, TrivetError } from "@trivet/platform";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NeverSent } from "../src/services/never-sent.ts";
import { type HttpClient, replicatedBinding } from "../src/services/replicas.ts";

type Send = (request: Request) => Promise<Response>;

const ok: Send = () => Promise.resolve(new Response("ok"));
const refuses: Send = () => Promise.reject(new NeverSent(new Error("ECONNREFUSED")));
const breaksOff: Send = () => Promise.reject(new Error("ECONNRESET"));

/** What each address does, by its host name, and who has been asked for what. */
const does = new Map<string, Send>();
const asked: string[] = [];

const client: HttpClient<null> = {
  bodyOf: () => null,
  open: ({ hostname }) => ({
    async send(request) {
      asked.push(new URL(request.url).pathname === "/users/health" ? `${hostname} health` : hostname);
      return await (does.get(hostname) ?? ok)(request);
    },
    close: () => Promise.resolve(),
  }),
};

const bindingTo = (...names: string[]) =>
  replicatedBinding(
    "users",
    names.map((name) => new URL(`http://${name}:8001`)),
    client,
  );

const post = () => new Request("http://users/users/1", { method: "POST", body: "{}" });
const countOf = (name: string): number => asked.filter((one) => one === name).length;
const waits = (): [Send, (answer: Response) => void] => {
  const { promise, resolve } = Promise.withResolvers<Response>();
  return [() => promise, resolve];
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  does.clear();
  asked.length = 0;
});

afterEach(() => {
  vi.useRealTimers();
});

describe("several replicas", () => {
  test("are asked in turn while they are even", async () => {
    const binding = bindingTo("a", "b", "c");
    for (let count = 0; count < 30; count += 1) await binding.fetch(post());
    expect([countOf("a"), countOf("b"), countOf("c")]).toEqual([10, 10, 10]);
  });

  test("one that owes answers is spared: of what comes meanwhile the others get all", async () => {
    const binding = bindingTo("a", "b", "c");
    const [silent, answer] = waits();
    does.set("a", silent);
    const late = Array.from({ length: 3 }, () => binding.fetch(post()));
    await expect.poll(() => countOf("a")).toBe(1);
    for (let count = 0; count < 20; count += 1) await binding.fetch(post());
    expect(countOf("a")).toBe(1);
    answer(new Response("late"));
    await Promise.all(late);
  });

  test.each(["GET", "POST", "PUT", "DELETE"])("a %s that one refused to take goes to the next", async (method) => {
    does.set("a", refuses);
    does.set("b", refuses);
    const binding = bindingTo("a", "b", "c");
    for (let count = 0; count < 10; count += 1) {
      const response = await binding.fetch(new Request("http://users/users/1", { method }));
      expect(await response.text()).toBe("ok");
    }
    expect(countOf("c")).toBe(10);
  });

  test.each(["GET", "POST"])(
    "a %s that went out is not sent again here: that is the caller's decision",
    async (method) => {
      does.set("a", breaksOff);
      const binding = bindingTo("a", "b");
      const requests = Array.from({ length: 2 }, () => binding.fetch(new Request("http://users/users/1", { method })));
      const outcomes = await Promise.allSettled(requests);
      expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
      expect(asked.toSorted()).toEqual(["a", "b"]);
    },
  );

  test("one that broke off among others that are well is no sign that the service is down", async () => {
    does.set("a", breaksOff);
    const binding = bindingTo("a", "b");
    const faults: unknown[] = [];
    for (let count = 0; count < 2; count += 1)
      await binding.fetch(post()).catch((fault: unknown) => faults.push(fault));
    expect(faults).toEqual([expect.any(TrivetError)]);
    expect(isOfOneReplica(faults[0])).toBe(true);
  });

  test("the last that breaks off is one, and so are all that take nothing", async () => {
    does.set("a", refuses);
    does.set("b", breaksOff);
    const binding = bindingTo("a", "b");
    for (let count = 0; count < 6; count += 1) {
      const fault: unknown = await binding.fetch(post()).catch((reason: unknown) => reason);
      expect(fault).toMatchObject({ code: "unavailable" });
      if (count >= 3) expect(isOfOneReplica(fault)).toBe(false);
    }
    does.set("b", refuses);
    const fault: unknown = await binding.fetch(post()).catch((reason: unknown) => reason);
    expect(fault).toMatchObject({ code: "unavailable", retryAfter: 1 });
    expect(isOfOneReplica(fault)).toBe(false);
  });

  test("three failures in a row, and one is left out until it answers a probe for which nobody waits", async () => {
    does.set("a", refuses);
    const binding = bindingTo("a", "b");
    for (let count = 0; count < 20; count += 1) await binding.fetch(post());
    expect(countOf("a")).toBe(3);

    vi.advanceTimersByTime(1_000);
    await Promise.all(Array.from({ length: 5 }, () => binding.fetch(post())));
    expect([countOf("a"), countOf("a health")]).toEqual([3, 1]);

    const [silent, answer] = waits();
    does.set("a", silent);
    vi.advanceTimersByTime(1_000);
    for (let count = 0; count < 5; count += 1) await binding.fetch(post());
    expect([countOf("a"), countOf("a health")]).toEqual([3, 2]);

    does.set("a", ok);
    answer(new Response(null, { status: 503 }));
    await expect.poll(async () => (await binding.fetch(post())) && countOf("a")).toBeGreaterThan(3);
  });

  test("when all are left out, all are asked: one of them may be back", async () => {
    does.set("a", refuses);
    does.set("b", refuses);
    const binding = bindingTo("a", "b");
    for (let count = 0; count < 5; count += 1) await expect(binding.fetch(post())).rejects.toThrow();
    does.set("b", ok);
    expect(await (await binding.fetch(post())).text()).toBe("ok");
  });

  test("a caller that hangs up says nothing about a replica", async () => {
    const binding = bindingTo("a", "b");
    does.set(
      "a",
      ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    );
    for (let count = 0; count < 10; count += 1) {
      const controller = new AbortController();
      const answer = binding.fetch(new Request("http://users/users/1", { signal: controller.signal }));
      await expect.poll(() => asked.length).toBe(count + 1);
      controller.abort();
      await answer.catch(() => undefined);
    }
    asked.length = 0;
    does.set("a", ok);
    for (let count = 0; count < 4; count += 1) await binding.fetch(post());
    expect(countOf("a")).toBe(2);
  });
});

test("a single address is asked every time, however often it fails", async () => {
  does.set("a", breaksOff);
  const binding = bindingTo("a");
  for (let count = 0; count < 10; count += 1) {
    const fault: unknown = await binding.fetch(post()).catch((reason: unknown) => reason);
    expect(isOfOneReplica(fault)).toBe(false);
    vi.advanceTimersByTime(1_000);
  }
  expect(asked).toEqual(Array.from({ length: 10 }, () => "a"));
  does.set("a", ok);
  expect(await (await binding.fetch(post())).text()).toBe("ok");
});
