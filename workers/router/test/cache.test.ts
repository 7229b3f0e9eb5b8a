import { mintServiceToken } from "@trivet/platform";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Answer,
  type Door,
  door,
  down,
  newAuth,
  problemOf,
  serviceSecret,
  status,
  Upstream,
} from "./fixture/door.ts";

/** Answers what it has counted, in words that a cache may keep. */
const counted = (control: string, headers: Record<string, string> = {}): Answer => {
  let count = 0;
  return () => {
    count += 1;
    return new Response(`answer ${count}`, {
      headers: { "content-type": "text/plain", "cache-control": control, ...headers },
    });
  };
};

const statusOf = (response: Response): string | null => response.headers.get("cache-status");
const asUser = { headers: { authorization: "Bearer of-somebody" } };
const later = (seconds: number): void => void vi.advanceTimersByTime(seconds * 1_000);

let users: Upstream;
let front: Door;

beforeEach(() => {
  users = new Upstream();
  front = door({ USERS: users, RATE_LIMIT_ADDRESS: "100000" });
});

afterEach(() => {
  vi.useRealTimers();
});

const get = async (path = "/users/stats", init?: RequestInit): Promise<string> =>
  await (await front.send(path, init)).text();

describe("what is kept", () => {
  test("an answer that is called public is given again while it is fresh, with its age, then asked for anew", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    users.answer = counted("public, max-age=10");
    const first = await front.send("/users/stats");
    expect([await first.text(), first.headers.get("age"), statusOf(first)]).toEqual([
      "answer 1",
      null,
      "trivet; fwd=uri-miss; stored",
    ]);
    later(4);
    const second = await front.send("/users/stats");
    expect([await second.text(), second.headers.get("age"), statusOf(second)]).toEqual([
      "answer 1",
      "4",
      "trivet; hit; ttl=6",
    ]);
    expect(second.headers.get("content-type")).toBe("text/plain");
    later(6);
    expect(await get()).toBe("answer 2");
  });

  test.each([
    "max-age=10",
    "private, max-age=10",
    "public",
    "public, max-age=0",
    "public, max-age=10, no-store",
    "public, max-age=10, No-Store",
    "public, max-age=10, no-cache",
    'public, max-age=10, private="x-name"',
    "public, max-age=ten",
    "public, max-age=10, max-age=0",
    'x="public, max-age=10"',
    "no-public, max-age=10",
  ])("`%s` is asked for every time", async (control) => {
    users.answer = counted(control);
    expect([await get(), await get()]).toEqual(["answer 1", "answer 2"]);
  });

  test.each([
    ["PUBLIC, Max-Age=10", 10],
    ["public, max-age=1, s-maxage=10", 10],
    ['public, max-age="10"', 10],
    ["public, max-age=10, must-revalidate", 10],
  ])("`%s` is fresh for %i s", async (control, seconds) => {
    vi.useFakeTimers({ toFake: ["Date"] });
    users.answer = counted(control);
    await get();
    later(seconds - 1);
    expect(await get()).toBe("answer 1");
    later(1);
    expect(await get()).toBe("answer 2");
  });

  test.each([
    ["a cookie", { "set-cookie": "a=b" }],
    ["Vary: *", { vary: "*" }],
    ["an event stream", { "content-type": "text/event-stream" }],
  ])("%s never is", async (_, headers: Record<string, string>) => {
    users.answer = counted("public, max-age=10", headers);
    expect([await get(), await get()]).toEqual(["answer 1", "answer 2"]);
  });

  test.each([302, 400, 401, 403, 500, 503])("an answer of status %i never is", async (code) => {
    users.answer = () => new Response(null, { status: code, headers: { "cache-control": "public, max-age=10" } });
    await front.send("/users/stats");
    const asked = users.asked.length;
    await front.send("/users/stats");
    expect(users.asked.length).toBeGreaterThan(asked);
  });

  test("the age that it had when it came counts, and so does its date", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    users.answer = counted("public, max-age=10", { age: "7" });
    await get("/users/a");
    expect((await front.send("/users/a")).headers.get("age")).toBe("7");
    users.answer = counted("public, max-age=10", { date: new Date(Date.now() - 10_000).toUTCString() });
    expect([await get("/users/b"), await get("/users/b")]).toEqual(["answer 1", "answer 2"]);
  });

  test("other methods are asked every time, and so is a part", async () => {
    users.answer = counted("public, max-age=10");
    await get();
    expect(await get("/users/stats", { method: "POST" })).toBe("answer 2");
    expect(await get("/users/stats", { headers: { range: "bytes=0-1" } })).toBe("answer 3");
    expect(await get()).toBe("answer 1");
  });

  test("HEAD is answered from what GET has left, and leaves nothing itself", async () => {
    users.answer = counted("public, max-age=10");
    await front.send("/users/stats", { method: "HEAD" });
    expect(await get()).toBe("answer 2");
    const head = await front.send("/users/stats", { method: "HEAD" });
    expect([await head.text(), statusOf(head)]).toEqual(["", expect.stringContaining("hit")]);
    expect(users.asked).toHaveLength(2);
  });

  test("what is larger than a mebibyte streams past, whole", async () => {
    const large = "x".repeat(3 * 1024 * 1024);
    users.answer = () => new Response(large, { headers: { "cache-control": "public, max-age=10" } });
    const first = await front.send("/users/stats");
    expect(statusOf(first)).toBe('trivet; fwd=uri-miss; detail="too large"');
    expect((await first.text()).length).toBe(large.length);
    await get();
    expect(users.asked).toHaveLength(2);
  });

  test("CACHE_BYTES bounds all of it: who was not asked for the longest makes room; with 0 nothing is kept", async () => {
    front = door({ USERS: users, CACHE_BYTES: "100000", RATE_LIMIT_ADDRESS: "100000" });
    users.answer = () => new Response("x".repeat(10_000), { headers: { "cache-control": "public, max-age=10" } });
    for (let index = 0; index < 20; index += 1) {
      await get(`/users/${index}`);
      await get("/users/0");
    }
    expect(users.asked).toHaveLength(20);
    await get("/users/1");
    expect(users.asked).toHaveLength(21);
    const none = door({ USERS: users, CACHE_BYTES: "0" });
    await none.send("/users/0");
    await none.send("/users/0");
    expect(users.asked).toHaveLength(23);
  });

  test("is counted in /metrics", async () => {
    users.answer = counted("public, max-age=10");
    await get();
    await get();
    const metrics = await (await front.send("/metrics")).text();
    expect(metrics).toContain('cache_requests_total{service="router",result="hit"} 1');
    expect(metrics).toContain('cache_requests_total{service="router",result="miss"} 1');
    expect(metrics).toMatch(/^cache_bytes\{service="router"\} [1-9]/m);
  });
});

describe("who gets what is kept", () => {
  test("all public names of an address are one; another query is another", async () => {
    users.answer = counted("public, max-age=10");
    await get("/users/stats?a=1");
    expect(await get("/api/v1/user/%73tats?a=1")).toBe("answer 1");
    expect(await get("/users/stats?a=2")).toBe("answer 2");
  });

  test("what depends on a header is given to requests with the same one only", async () => {
    users.answer = (request) =>
      new Response(request.headers.get("accept-language"), {
        headers: { "cache-control": "public, max-age=10", vary: "Accept-Language" },
      });
    const as = (language: string) => get("/users/stats", { headers: { "accept-language": language } });
    expect([await as("de"), await as("fr"), await as("de"), await as("fr")]).toEqual(["de", "fr", "de", "fr"]);
    expect(users.asked).toHaveLength(2);
  });

  test("a user's answer is kept when it is called public, and given to others", async () => {
    users.answer = counted("public, max-age=10");
    await get("/users/stats", asUser);
    expect(await get()).toBe("answer 1");
  });

  test("a user's answer that depends on a header is neither kept nor taken from what is", async () => {
    users.answer = counted("public, max-age=10", { vary: "x-tenant" });
    expect([await get("/users/stats", asUser), await get(), await get("/users/stats", asUser)]).toEqual([
      "answer 1",
      "answer 2",
      "answer 3",
    ]);
  });

  test("a user's own answer is never given to anybody, whatever the path ends in", async () => {
    users.answer = ({ headers }) => Response.json({ whose: headers.get("authorization") });
    for (const path of [
      "/users/profile/x.css",
      "/users/profile;x.js",
      "/users/profile%2Fx.png",
      "/users/profile?x.css",
    ]) {
      await get(path, asUser);
      expect(await get(path)).toBe('{"whose":null}');
    }
  });

  test("an answer is not kept when it was made from a header that others do not send", async () => {
    users.answer = ({ headers }) =>
      new Response(headers.get("x-theme"), { headers: { "cache-control": "public, max-age=10" } });
    const poisoned = await front.send("/users/stats", { headers: { "x-theme": "evil" } });
    expect(statusOf(poisoned)).toBe('trivet; fwd=uri-miss; detail="an unusual request header"');
    expect(await get()).toBe("");
  });

  test.each([
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-original-url",
    "x-http-method-override",
    "forwarded",
    "x-real-ip",
    "cf-ipcountry",
  ])("%s does not reach a service at all", async (name) => {
    await get("/users/stats", { headers: { [name]: "evil.test" } });
    expect(users.last.headers.get(name)).toBeNull();
  });

  test("what is of one answer is not given with another: request id, limits, origins", async () => {
    front = door({ USERS: users, CORS_ORIGINS: "https://a.test,https://b.test" });
    users.answer = counted("public, max-age=10", { "access-control-allow-origin": "*", "cache-tag": "x" });
    const from = (origin: string) => front.send("/users/stats", { headers: { origin } });
    const [one, two] = [await from("https://a.test"), await from("https://b.test")];
    expect(statusOf(two)).toContain("hit");
    expect(two.headers.get("access-control-allow-origin")).toBe("https://b.test");
    expect(two.headers.get("x-request-id")).not.toBe(one.headers.get("x-request-id"));
    expect(Number(two.headers.get("ratelimit-remaining"))).toBe(Number(one.headers.get("ratelimit-remaining")) - 1);
    expect([one, two].map(({ headers }) => headers.get("cache-tag"))).toEqual([null, null]);
  });

  test("what is kept counts against limits", async () => {
    front = door({ USERS: users, RATE_LIMIT_ADDRESS: "2" });
    users.answer = counted("public, max-age=10");
    const statuses: number[] = [];
    for (let index = 0; index < 3; index += 1) statuses.push((await front.send("/users/stats")).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe("what a client may ask of it", () => {
  beforeEach(() => {
    users.answer = counted("public, max-age=10", { etag: '"a"' });
  });

  test.each(["no-cache", "max-age=0", "no-store"])("`%s`: to have the service asked", async (control) => {
    await get();
    expect(await get("/users/stats", { headers: { "cache-control": control } })).toBe("answer 2");
  });

  test("`Pragma: no-cache`, too, unless Cache-Control says otherwise", async () => {
    await get();
    expect(await get("/users/stats", { headers: { pragma: "no-cache" } })).toBe("answer 2");
    expect(await get("/users/stats", { headers: { pragma: "no-cache", "cache-control": "max-age=9" } })).toBe(
      "answer 2",
    );
  });

  test("`no-store`: that nothing of it is kept", async () => {
    await get("/users/stats", { headers: { "cache-control": "no-store" } });
    expect(await get()).toBe("answer 2");
  });

  test("`only-if-cached`: not to have the service asked, and 504 where nothing is kept", async () => {
    const only = { headers: { "cache-control": "only-if-cached" } };
    const refused = await front.send("/users/stats", only);
    expect([refused.status, (await problemOf(refused)).code]).toEqual([504, "deadline_exceeded"]);
    await get();
    expect(await get("/users/stats", only)).toBe("answer 1");
    expect(users.asked).toHaveLength(1);
  });

  test("`min-fresh`: that it stays fresh for so long", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await get();
    later(5);
    expect(await get("/users/stats", { headers: { "cache-control": "min-fresh=4" } })).toBe("answer 1");
    expect(await get("/users/stats", { headers: { "cache-control": "min-fresh=6" } })).toBe("answer 2");
  });

  test.each(['"a"', 'W/"a"', '"b", "a"', '"b,", W/"a"', "*"])(
    "If-None-Match %s: 304 without the service",
    async (tags) => {
      await get();
      const answer = await front.send("/users/stats", { headers: { "if-none-match": tags } });
      expect([answer.status, await answer.text(), answer.headers.get("etag")]).toEqual([304, "", '"a"']);
      expect(answer.headers.get("cache-control")).toBe("public, max-age=10");
      expect(users.asked).toHaveLength(1);
    },
  );

  test("If-None-Match with another tag: the whole answer", async () => {
    await get();
    expect(await get("/users/stats", { headers: { "if-none-match": '"b"' } })).toBe("answer 1");
  });

  test("If-Modified-Since: 304 unless it was modified", async () => {
    const modified = "Tue, 01 Sep 2026 10:00:00 GMT";
    users.answer = counted("public, max-age=10", { "last-modified": modified });
    const since = async (date: string) =>
      (await front.send("/users/dated", { headers: { "if-modified-since": date } })).status;
    await get("/users/dated");
    expect(await since(modified)).toBe(304);
    expect(await since("Tue, 01 Sep 2026 09:59:59 GMT")).toBe(200);
  });
});

describe("what is stale", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });

  test("is validated by its tag; 304 makes it fresh again", async () => {
    users.answer = counted("public, max-age=10", { etag: '"a"' });
    await get();
    later(11);
    users.answer = ({ headers }) =>
      headers.get("if-none-match") === '"a"'
        ? new Response(null, {
            status: 304,
            headers: { etag: '"a"', "cache-control": "public, max-age=20", "x-new": "1" },
          })
        : new Response("whole");
    const renewed = await front.send("/users/stats", { headers: { "if-none-match": '"of the client"' } });
    expect([renewed.status, await renewed.text(), statusOf(renewed)]).toEqual([
      200,
      "answer 1",
      "trivet; fwd=stale; fwd-status=304; stored",
    ]);
    later(19);
    const hit = await front.send("/users/stats");
    expect([await hit.text(), hit.headers.get("x-new"), statusOf(hit)]).toEqual([
      "answer 1",
      "1",
      "trivet; hit; ttl=1",
    ]);
    expect(users.asked).toHaveLength(2);
  });

  test("is given at once where the service allows it, and asked for behind it, once", async () => {
    users.answer = counted("public, max-age=10, stale-while-revalidate=30", { etag: '"a"' });
    await get("/users/stats", asUser);
    later(15);
    const stale = await Promise.all([1, 2, 3].map(() => front.send("/users/stats", asUser)));
    expect(await Promise.all(stale.map((response) => response.text()))).toEqual(["answer 1", "answer 1", "answer 1"]);
    expect(stale.map(statusOf)).toContain("trivet; hit; ttl=-5");
    await expect.poll(() => get()).toBe("answer 2");
    expect(users.asked).toHaveLength(2);
    expect(users.last.headers.get("authorization")).toBeNull();
    later(50);
    expect(await get()).toBe("answer 3");
  });

  test.each([
    ["cannot be reached", down, 503],
    ["answers 502", status(502), 502],
    ["fails", status(500), 500],
  ])("is given while the service %s, where it allows that, and its circuit is open", async (_, answer, code) => {
    users.answer = counted("public, max-age=10, stale-if-error=60");
    await get();
    later(11);
    users.answer = answer;
    for (let index = 0; index < 8; index += 1) {
      const stale = await front.send("/users/stats");
      expect([stale.status, await stale.text()]).toEqual([200, "answer 1"]);
      expect(statusOf(stale)).toMatch(/^trivet; fwd=stale; fwd-status=50[0-3]; ttl=-\d+$/);
    }
    later(60);
    expect((await front.send("/users/stats")).status).toBe(code);
  });

  test("is not given against the word of the service", async () => {
    users.answer = counted("public, max-age=10, must-revalidate, stale-if-error=60, stale-while-revalidate=60");
    await get();
    later(11);
    users.answer = down;
    expect((await front.send("/users/stats")).status).toBe(503);
  });

  test("is gone when the service says something that may not be kept", async () => {
    users.answer = counted("public, max-age=10, stale-if-error=60");
    await get();
    later(11);
    users.answer = () => Response.json({ mine: true });
    expect(await get()).toBe('{"mine":true}');
    users.answer = status(500);
    expect((await front.send("/users/stats")).status).toBe(500);
  });
});

describe("a thousand at once", () => {
  const thousand = (init?: RequestInit) =>
    Promise.all(Array.from({ length: 1_000 }, () => front.send("/users/stats", init)));
  const slowly =
    (answer: Answer): Answer =>
    async (request) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return await answer(request);
    };

  test("who miss are one to the service", async () => {
    users.answer = slowly(counted("public, max-age=10"));
    const answers = await thousand();
    expect(users.asked).toHaveLength(1);
    expect(new Set(await Promise.all(answers.map((answer) => answer.text())))).toEqual(new Set(["answer 1"]));
    expect(answers.filter((answer) => statusOf(answer)?.endsWith("; collapsed"))).toHaveLength(999);
  });

  test("who find it stale are one to the service, with tokens, too", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    users.answer = slowly(counted("public, max-age=10"));
    await get();
    later(11);
    const answers = await thousand(asUser);
    expect(users.asked).toHaveLength(2);
    expect(new Set(answers.map(({ status: code }) => code))).toEqual(new Set([200]));
  });

  test("who get what is not everybody's each get their own, and nobody waits for it a second time", async () => {
    let count = 0;
    users.answer = slowly(() => Response.json({ count: ++count }));
    front = door({ USERS: users, RATE_LIMIT_ADDRESS: "100000" });
    const texts = await Promise.all(Array.from({ length: 100 }, () => get()));
    expect(new Set(texts).size).toBe(100);
  });

  test("when the first one goes away the next one asks", async () => {
    const leaving = new AbortController();
    let answerFirst: () => void = () => undefined;
    users.answer = () =>
      new Promise((resolve) => {
        answerFirst = () => resolve(new Response("late"));
      });
    const first = front.send("/users/stats", { signal: leaving.signal });
    await expect.poll(() => users.asked.length).toBe(1);
    const others = [get(), get()];
    users.answer = (request) => {
      request.signal.throwIfAborted();
      return new Response("answer", { headers: { "cache-control": "public, max-age=10" } });
    };
    leaving.abort();
    answerFirst();
    await first;
    expect(await Promise.all(others)).toEqual(["answer", "answer"]);
  });
});

describe("POST /cache/purge", () => {
  const asService = async () => ({ "x-service-token": await mintServiceToken("users", "router", serviceSecret) });
  const purge = async (body: object, headers?: Record<string, string>) =>
    await front.send("/cache/purge", {
      method: "POST",
      headers: { "content-type": "application/json", ...(headers ?? (await asService())) },
      body: JSON.stringify(body),
    });
  const keep = async (...paths: string[]) => {
    for (const path of paths) await get(path);
    users.asked = [];
  };
  const asked = async (...paths: string[]) => {
    for (const path of paths) await get(path);
    return users.asked.map(({ url }) => new URL(url).pathname + new URL(url).search);
  };

  beforeEach(() => {
    users.answer = ({ url }) =>
      new Response(url, {
        headers: { "cache-control": "public, max-age=100", "cache-tag": `all, ${new URL(url).pathname}` },
      });
  });

  test("by path: under all its names, with every query", async () => {
    await keep("/users/a", "/users/a?b=1", "/users/ab");
    const answer = await purge({ paths: ["/api/v1/user/a"] });
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { purged: 2, reaches: "this process", detail: expect.stringContaining("ends with its lifetime") },
    ]);
    expect(await asked("/users/a", "/users/a?b=1", "/users/ab")).toEqual(["/users/a", "/users/a?b=1"]);
  });

  test("by prefix, by tag, and all of it", async () => {
    const paths = ["/users/a/1", "/users/a/2", "/users/b"];
    await keep(...paths);
    await purge({ prefixes: ["/users/a/"] });
    expect(await asked(...paths)).toEqual(["/users/a/1", "/users/a/2"]);
    await keep(...paths);
    await purge({ tags: ["/users/b", "nothing"] });
    expect(await asked(...paths)).toEqual(["/users/b"]);
    await keep(...paths);
    await purge({ all: true });
    expect(await asked(...paths)).toEqual(paths);
  });

  test("an answer that was on its way is not kept", async () => {
    let release: (response: Response) => void = () => undefined;
    users.answer = () => new Promise((resolve) => (release = resolve));
    const under = front.send("/users/a");
    await expect.poll(() => users.asked.length).toBe(1);
    await purge({ all: true });
    release(new Response("old", { headers: { "cache-control": "public, max-age=100" } }));
    expect(statusOf(await under)).toBe('trivet; fwd=uri-miss; detail="purged meanwhile"');
    users.answer = () => new Response("new");
    expect(await get("/users/a")).toBe("new");
  });

  test("is for administrators and services: 401, 403 and nothing purged for others", async () => {
    const { upstream, token } = await newAuth();
    front = door({ USERS: users, AUTH: upstream });
    await keep("/users/a");
    const bearer = async (role: string) => ({ authorization: `Bearer ${await token({ role })}` });
    const elsewhere = { "x-service-token": await mintServiceToken("users", "auth", serviceSecret) };
    expect((await purge({ all: true }, {})).status).toBe(401);
    expect((await purge({ all: true }, await bearer("user"))).status).toBe(403);
    expect((await purge({ all: true }, await bearer("moderator"))).status).toBe(403);
    expect((await purge({ all: true }, elsewhere)).status).toBe(403);
    expect(await asked("/users/a")).toEqual([]);
    expect((await purge({ all: true }, await bearer("admin"))).status).toBe(200);
    expect(await asked("/users/a")).toEqual(["/users/a"]);
  });

  test.each([{}, { paths: [] }, { paths: ["users"] }, { everything: true }, { tags: [""] }])(
    "%j: 400, with the field",
    async (body) => {
      const refused = await purge(body);
      expect([refused.status, (await problemOf(refused)).code]).toEqual([400, "validation_failed"]);
    },
  );
});
