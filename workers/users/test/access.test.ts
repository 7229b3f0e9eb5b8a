import { getProfiles } from "@trivet/contracts";
import { mintServiceToken, newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { users as service } from "../src/service.ts";
import { startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

const secret = "0123456789abcdef0123456789abcdef0123";
const filled = (path: string): string =>
  path.replace("{id}", newId()).replace("{name}", "some.name").replace("{query}", "some");
const closed = service.routes.map(({ contract }) => contract).filter(({ access }) => access.kind === "user");

describe("every route for users", () => {
  test.each(closed.map(({ method, path }) => [method.toUpperCase(), path]))(
    "%s %s: 401 to strangers",
    async (method, path) => {
      const serviceToken = await mintServiceToken("auth", "users", secret);
      for (const headers of [
        {},
        { authorization: "Bearer nonsense" },
        { authorization: `Bearer ${serviceToken}` },
        { "x-service-token": serviceToken },
      ]) {
        const { status, body } = await users.request(method, filled(path), { headers });
        expect({ status, body }).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
      }
    },
  );

  test("all but the count are closed to strangers", () => {
    const open = service.routes.filter(({ contract }) => contract.access.kind === "anyone");
    expect(open.map(({ contract }) => contract.path)).toEqual(["/users/stats/count"]);
  });
});

describe("GET /users/internal/batch", () => {
  const batch = async (ids: string[], headers?: Record<string, string>) =>
    await users.encrypted("posts", `/users/internal/batch?ids=${ids.join(",")}`, {
      headers: headers ?? { "x-service-token": await mintServiceToken("posts", "users", secret) },
    });

  test("200: the cards of those who exist", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.deliver(users.deleted(bob.id));
    const { status, body } = await batch([ada.id, bob.id, newId()]);
    expect(status).toBe(200);
    expect(getProfiles.reply.parse(body)).toEqual({
      items: [{ id: ada.id, username: ada.username, name: "ada", avatarUrl: null, isPrivate: false }],
    });
  });

  test("401 without a service token, 403 with one that is not good here, 400 for too many ids or none", async () => {
    const ada = await users.person("ada");
    expect(await batch([ada.id], {})).toMatchObject({ status: 401, body: { error: "Service token required" } });
    const elsewhere = { "x-service-token": await mintServiceToken("posts", "auth", secret) };
    expect(await batch([ada.id], elsewhere)).toMatchObject({ status: 403, body: { error: "Invalid service token" } });
    const stranger = { "x-service-token": await mintServiceToken("calendar", "users", secret) };
    expect((await batch([ada.id], stranger)).status).toBe(403);
    expect((await batch([ada.id], { authorization: `Bearer ${ada.token}` })).status).toBe(401);
    expect((await batch(Array.from({ length: 101 }, () => newId()))).status).toBe(400);
    expect((await batch([""])).status).toBe(400);
    expect((await batch(["1'; drop table users.profiles"])).status).toBe(400);
  });
});

describe("GET /users/openapi.json", () => {
  test("describes every public route and no internal one", async () => {
    const { status, body } = await users.request("GET", "/users/openapi.json");
    expect(status).toBe(200);
    const described = Object.keys(Object(body).paths);
    for (const { path } of closed) expect(described).toContain(path);
    expect(described.filter((path) => path.includes("internal"))).toEqual([]);
  });
});
