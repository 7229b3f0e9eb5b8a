import { beforeEach, describe, expect, test } from "vitest";
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

const exchanges = () => auth.upstream.asked.filter(({ url }) => url.endsWith("/auth/internal/api-keys/exchange"));
const send = (headers: Record<string, string> = { "x-api-key": key }): Promise<Response> =>
  front.send("/users/1", { headers });
const refusing = (code: string, answered: number) => () => Response.json({ code, detail: "No." }, { status: answered });

describe("an API key", () => {
  test("is exchanged for an access token, and goes no further", async () => {
    expect((await send()).status).toBe(200);
    expect(users.last.headers.get("authorization")).toBe("Bearer exchanged");
    expect(users.last.headers.has("x-api-key")).toBe(false);
    expect(await exchanges()[0]?.clone().json()).toEqual({ key });
  });

  test("is exchanged once while its token lasts", async () => {
    for (let count = 0; count < 5; count += 1) expect((await send()).status).toBe(200);
    expect(exchanges()).toHaveLength(1);
    await send({ "x-api-key": "another" });
    expect(exchanges()).toHaveLength(2);
  });

  test("is exchanged anew when its token is about to expire", async () => {
    auth.others.answer = async () => Response.json({ access_token: "short", expires_in: 20 });
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
