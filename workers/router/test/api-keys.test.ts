import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Door, door, logged, newAuth, problemOf, status, Upstream } from "./fixture/door.ts";

const key = "tk_canary-3b5e";
let auth: Awaited<ReturnType<typeof newAuth>>;
let users: Upstream;
let front: Door;

beforeEach(async () => {
  auth = await newAuth();
  users = new Upstream();
  front = door({ USERS: users, AUTH: auth.upstream, RATE_LIMIT_ADDRESS: "20" });
  auth.others.answer = async () => Response.json({ access_token: "exchanged", expires_in: 600 });
});

/** What auth was asked, opened; a call is encrypted some turns of the event loop after it was begun. */
const exchanges = () => auth.opened;
const exchangesCome = (count: number) => expect.poll(() => exchanges().length).toBe(count);
const send = (headers: Record<string, string> = { "x-api-key": key }): Promise<Response> =>
  front.send("/users/1", { headers });
const refusing = (code: string, answered: number) => () => Response.json({ code, detail: "No." }, { status: answered });

describe("an API key", () => {
  test("is exchanged for an access token, and goes no further", async () => {
    expect((await send()).status).toBe(200);
    expect(users.last.headers.get("authorization")).toBe("Bearer exchanged");
    expect(users.last.headers.has("x-api-key")).toBe(false);
    expect(await exchanges()[0]?.json()).toEqual({ key });
  });

  test("is exchanged once while its token is fresh", async () => {
    for (let count = 0; count < 5; count += 1) expect((await send()).status).toBe(200);
    expect(exchanges()).toHaveLength(1);
    await send({ "x-api-key": "another" });
    expect(exchanges()).toHaveLength(2);
  });

  test("is exchanged anew when its token is about to expire", async () => {
    auth.others.answer = async () => Response.json({ access_token: "short", expires_in: 5 });
    await send();
    await send();
    expect(exchanges()).toHaveLength(2);
  });

  test("is not looked at beside an access token", async () => {
    await send({ "x-api-key": key, authorization: "Bearer own" });
    expect(exchanges()).toHaveLength(0);
    expect(users.last.headers.get("authorization")).toBe("Bearer own");
    expect(users.last.headers.has("x-api-key")).toBe(false);
  });

  test.each([
    ["that auth refuses", key],
    ["that is too long to be one", "x".repeat(300)],
    ["that is empty", ""],
  ])("%s is 401, and closes nothing", async (_, sent) => {
    auth.others.answer = refusing("unauthenticated", 401);
    for (let count = 0; count < 8; count += 1) {
      const response = await send({ "x-api-key": sent });
      expect(response.status).toBe(401);
      expect((await problemOf(response)).code).toBe("unauthenticated");
    }
    expect(users.asked).toHaveLength(0);
    auth.others.answer = async () => Response.json({ access_token: "exchanged", expires_in: 600 });
    expect((await send()).status).toBe(200);
  });

  test("cannot be guessed faster than the address may ask", async () => {
    auth.others.answer = refusing("unauthenticated", 401);
    const statuses: number[] = [];
    for (let guess = 0; guess < 30; guess += 1) statuses.push((await send({ "x-api-key": `guess ${guess}` })).status);
    expect(statuses.filter((code) => code === 401)).toHaveLength(20);
    expect(statuses.filter((code) => code === 429)).toHaveLength(10);
  });

  test("counts as its owner: many keys, and their token, ask no more than one user may", async () => {
    front = door({ USERS: users, AUTH: auth.upstream, RATE_LIMIT_USER: "7" });
    const id = crypto.randomUUID();
    auth.others.answer = async () => Response.json({ access_token: await auth.token({ sub: id }), expires_in: 600 });
    const statuses: number[] = [];
    for (let count = 0; count < 9; count += 1) statuses.push((await send({ "x-api-key": `key ${count % 3}` })).status);
    expect(statuses).toEqual([...Array(7).fill(200), 429, 429]);
    const authorization = `Bearer ${await auth.token({ sub: id })}`;
    expect((await send({ authorization })).status).toBe(429);
  });

  test("is never logged", async () => {
    await send();
    auth.others.answer = status(500);
    await send({ "x-api-key": `${key}2` });
    expect(logged.length).toBeGreaterThan(0);
    expect(logged.join("")).not.toContain(key);
    expect(logged.join("")).not.toContain("exchanged");
  });

  test("without an auth service is unavailable, not an error", async () => {
    front = door({ USERS: users });
    expect((await send()).status).toBe(503);
  });

  test("is unavailable while auth is", async () => {
    auth.others.answer = status(503);
    expect((await send()).status).toBe(503);
  });
});

describe("an API key as time goes on", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
  afterEach(() => void vi.useRealTimers());

  const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1_000);
  const granting = (token: string) => () => Response.json({ access_token: token, expires_in: 600 });
  const tokens = () => users.asked.map(({ headers }) => headers.get("authorization"));
  const ask = async () => {
    const { status: answered } = await send();
    await front.settled();
    return answered;
  };

  test("is asked about once in 15 seconds of use, behind the answer: nobody waits for it", async () => {
    await ask();
    const asked = Promise.withResolvers<Response>();
    auth.others.answer = () => asked.promise;
    pass(15);
    for (let count = 0; count < 5; count += 1) expect((await send()).status).toBe(200);
    await exchangesCome(2);
    asked.resolve(granting("renewed")());
    await front.settled();
    pass(14);
    await ask();
    expect(exchanges()).toHaveLength(2);
    expect(tokens()).toEqual([...Array(6).fill("Bearer exchanged"), "Bearer renewed"]);
  });

  test("that is used all the time and has ended is refused from 15 seconds on, by the next request but one", async () => {
    await ask();
    auth.others.answer = refusing("unauthenticated", 401);
    pass(14.999);
    expect(await ask()).toBe(200);
    pass(0.001);
    expect(await ask()).toBe(200);
    expect(await ask()).toBe(401);
    expect(users.asked).toHaveLength(3);
  });

  test.each([30, 31, 599, 3_600])("that has ended is refused at once after %d seconds of rest", async (rest) => {
    await ask();
    auth.others.answer = refusing("unauthenticated", 401);
    pass(rest);
    expect(await ask()).toBe(401);
    expect(users.asked).toHaveLength(1);
  });

  test("is not shown longer than 30 seconds from when auth was asked, however late it answered", async () => {
    auth.others.answer = () => {
      pass(20);
      return granting("late")();
    };
    expect(await ask()).toBe(200);
    auth.others.answer = refusing("unauthenticated", 401);
    pass(10);
    expect(await ask()).toBe(401);
  });

  test("goes on for 30 seconds while auth is down, no longer, and comes back with it", async () => {
    await ask();
    auth.others.answer = status(503);
    pass(29.999);
    expect(await ask()).toBe(200);
    pass(0.001);
    expect(await ask()).toBe(503);
    auth.others.answer = granting("back");
    pass(60);
    expect(await ask()).toBe(200);
    expect(tokens().at(-1)).toBe("Bearer back");
  });

  test("is asked about again when the renewal before has died with its request", async () => {
    await ask();
    const never = Promise.withResolvers<Response>();
    auth.others.answer = () => never.promise;
    pass(15);
    await send();
    await exchangesCome(2);
    pass(4.999);
    await send();
    expect(exchanges()).toHaveLength(2);
    pass(0.001);
    auth.others.answer = granting("second try");
    await send();
    await exchangesCome(3);
    never.resolve(granting("first try")());
    await front.settled();
  });

  test("that auth has vouched for is no guess: it is held to no stranger's limit when it comes back after a rest", async () => {
    front = door({ USERS: users, AUTH: auth.upstream, RATE_LIMIT_ADDRESS: "1" });
    auth.others.answer = async () => Response.json({ access_token: await auth.token(), expires_in: 600 });
    for (let count = 0; count < 5; count += 1) {
      expect(await ask()).toBe(200);
      pass(30);
    }
    auth.others.answer = refusing("unauthenticated", 401);
    expect(await ask()).toBe(401);
    expect(await ask()).toBe(401);
    expect(await ask()).toBe(429);
  });
});
