import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

describe("GET /users/{id}", () => {
  test("200: the public profile with how it stands to the caller, and nothing private", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    const { status, headers, body } = await users.request("GET", `/users/${ada.id}`, { as: bob });
    expect(status).toBe(200);
    expect(headers.get("etag")).toMatch(/^"[\w-]+"$/);
    expect(headers.get("cache-control")).toBe("private, no-cache");
    expect(body).toEqual({
      id: ada.id,
      username: ada.username,
      name: "ada",
      avatarUrl: null,
      isPrivate: false,
      bio: "",
      followerCount: 0,
      followingCount: 0,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      followedByMe: false,
      followsMe: false,
      requested: false,
    });
  });

  test("304 while nothing changed, 200 once something did", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    const first = await users.request("GET", `/users/${ada.id}`, { as: bob });
    const headers = { "if-none-match": first.headers.get("etag") ?? "" };
    expect((await users.request("GET", `/users/${ada.id}`, { as: bob, headers })).status).toBe(304);
    await users.request("POST", `/users/${ada.id}/follow`, { as: bob });
    expect((await users.request("GET", `/users/${ada.id}`, { as: bob, headers })).status).toBe(200);
  });

  test("an id in capitals is the same id", async () => {
    const ada = await users.person("ada");
    const { body } = await users.request("GET", `/users/${ada.id.toUpperCase()}`, { as: ada });
    expect(body).toMatchObject({ id: ada.id });
    expect((await users.request("POST", `/users/${ada.id.toUpperCase()}/follow`, { as: ada })).status).toBe(422);
  });

  test("404 for nobody, 400 for what is no id", async () => {
    const ada = await users.person("ada");
    const nobody = await users.request("GET", `/users/${newId()}`, { as: ada });
    expect(nobody).toMatchObject({ status: 404, body: { code: "not_found" } });
    const malformed = await users.request("GET", "/users/42", { as: ada });
    expect(malformed).toMatchObject({ status: 400, body: { errors: [{ in: "path", pointer: "/id" }] } });
  });
});

describe("GET /users/by-username/{name}", () => {
  test("finds a name in whatever case; 404 for nobody; 400 for what is no username", async () => {
    const ada = await users.person("Ada");
    const found = await users.request("GET", `/users/by-username/${ada.username.toUpperCase()}`, { as: ada });
    expect(found).toMatchObject({ status: 200, body: { id: ada.id, username: ada.username } });
    expect((await users.request("GET", "/users/by-username/no.such.user", { as: ada })).status).toBe(404);
    expect((await users.request("GET", "/users/by-username/a%20b", { as: ada })).status).toBe(400);
  });
});

describe("GET /users/profile", () => {
  test("200: with the email address and the preferences", async () => {
    const ada = await users.person("ada");
    const { status, body } = await users.request("GET", "/users/profile", { as: ada });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: ada.id,
      email: `${ada.username}@example.com`,
      preferences: { theme: "system", locale: "en", timeZone: "UTC" },
    });
  });
});

describe("PUT /users/profile", () => {
  test("200: replaces the given fields, keeps the others, and tells which", async () => {
    const ada = await users.person("ada");
    await users.events();
    const avatarUrl = "https://img.example.com/ada.png";
    const first = await users.request("PUT", "/users/profile", { as: ada, body: { bio: "Sums.", avatarUrl } });
    expect(first).toMatchObject({ status: 200, body: { name: "ada", bio: "Sums.", avatarUrl } });
    const second = await users.request("PUT", "/users/profile", { as: ada, body: { avatarUrl: null } });
    expect(second).toMatchObject({ status: 200, body: { bio: "Sums.", avatarUrl: null } });
    expect(await users.events()).toEqual([
      { event: "user.updated", subject: ada.id, data: { userId: ada.id, fields: ["bio", "avatarUrl"] } },
      { event: "user.updated", subject: ada.id, data: { userId: ada.id, fields: ["avatarUrl"] } },
    ]);
  });

  test("200: what changes nothing is not announced", async () => {
    const ada = await users.person("ada");
    await users.events();
    expect((await users.request("PUT", "/users/profile", { as: ada, body: {} })).status).toBe(200);
    expect((await users.request("PUT", "/users/profile", { as: ada, body: { name: "ada" } })).status).toBe(200);
    expect(await users.events()).toEqual([]);
  });

  test("412: the second of two editors is asked to look again", async () => {
    const ada = await users.person("ada");
    const read = await users.request("GET", "/users/profile", { as: ada });
    const headers = { "if-match": read.headers.get("etag") ?? "" };
    const first = await users.request("PUT", "/users/profile", { as: ada, body: { bio: "One" }, headers });
    expect(first.status).toBe(200);
    const second = await users.request("PUT", "/users/profile", { as: ada, body: { bio: "Two" }, headers });
    expect(second).toMatchObject({ status: 412, body: { code: "precondition_failed" } });
    const now = { "if-match": first.headers.get("etag") ?? "" };
    const third = await users.request("PUT", "/users/profile", { as: ada, body: { bio: "Three" }, headers: now });
    expect(third).toMatchObject({ status: 200, body: { bio: "Three" } });
  });

  test("412: of two editors at the same time one gets through", async () => {
    const ada = await users.person("ada");
    const read = await users.request("GET", "/users/profile", { as: ada });
    const headers = { "if-match": read.headers.get("etag") ?? "" };
    const answers = await Promise.all(
      ["One", "Two", "Three", "Four"].map((bio) =>
        users.request("PUT", "/users/profile", { as: ada, body: { bio }, headers }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412]);
  });

  test.each([
    ["a username, which belongs to auth", { username: "other" }, "/username"],
    ["a count", { followerCount: 1_000_000 }, "/followerCount"],
    ["another's id", { id: newId() }, "/id"],
    ["a name that is too long", { name: "x".repeat(81) }, "/name"],
    ["a bio that is too long", { bio: "x".repeat(501) }, "/bio"],
    ["an address that is not https", { avatarUrl: "http://example.com/a.png" }, "/avatarUrl"],
    ["a script for an address", { avatarUrl: "javascript:alert(1)" }, "/avatarUrl"],
    ["an address with credentials", { avatarUrl: "https://a:b@example.com/a.png" }, "/avatarUrl"],
    ["null for a name", { name: null }, "/name"],
  ])("400: %s", async (_, body, pointer) => {
    const ada = await users.person("ada");
    await users.events();
    const answer = await users.request("PUT", "/users/profile", { as: ada, body });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ in: "body", pointer }] } });
    expect(await users.events()).toEqual([]);
  });

  test("400: NUL and half of a surrogate pair", async () => {
    const ada = await users.person("ada");
    for (const name of ["a\u0000b", "\ud83d"]) {
      expect((await users.request("PUT", "/users/profile", { as: ada, body: { name } })).status).toBe(400);
    }
  });
});

describe("GET /users/{id}/stats and /users/stats/count", () => {
  test("the figures of one user", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.request("POST", `/users/${ada.id}/follow`, { as: bob });
    const { status, body } = await users.request("GET", `/users/${ada.id}/stats`, { as: bob });
    expect(status).toBe(200);
    expect(body).toEqual({ id: ada.id, followerCount: 1, followingCount: 0, createdAt: expect.any(String) });
  });

  test("how many users there are, without a token", async () => {
    const before = await users.request("GET", "/users/stats/count");
    const ada = await users.person("ada");
    const after = await users.request("GET", "/users/stats/count");
    expect(after.body).toEqual({ count: Number(Object(before.body).count) + 1 });
    await users.deliver(users.deleted(ada.id));
    expect((await users.request("GET", "/users/stats/count")).body).toEqual(before.body);
  });
});
