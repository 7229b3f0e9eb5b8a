import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namesIn, pagesOf } from "./system/lists.ts";
import { startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

describe("POST /users/{id}/follow", () => {
  test("200: the follow is stored, counted on both sides and announced once, however often it is sent", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.events();
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { status, body } = await users.request("POST", `/users/${ada.id}/follow`, { as: bob });
      expect({ status, body }).toEqual({ status: 200, body: { followedByMe: true, requested: false } });
    }
    expect(await users.events()).toEqual([
      { event: "user.followed", subject: bob.id, data: { followerId: bob.id, followeeId: ada.id } },
    ]);
    const seen = await users.request("GET", `/users/${ada.id}`, { as: bob });
    expect(seen.body).toMatchObject({ followerCount: 1, followingCount: 0, followedByMe: true, followsMe: false });
    const mirrored = await users.request("GET", `/users/${bob.id}`, { as: ada });
    expect(mirrored.body).toMatchObject({ followerCount: 0, followingCount: 1, followedByMe: false, followsMe: true });
  });

  test("422 for oneself, 404 for nobody, and nothing is announced", async () => {
    const ada = await users.person("ada");
    await users.events();
    const self = await users.request("POST", `/users/${ada.id}/follow`, { as: ada });
    expect(self).toMatchObject({ status: 422, body: { code: "unprocessable" } });
    expect((await users.request("POST", `/users/${newId()}/follow`, { as: ada })).status).toBe(404);
    expect(await users.events()).toEqual([]);
  });
});

describe("DELETE /users/{id}/follow", () => {
  test("204: both counts go down and it is announced once, however often it is sent", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.request("POST", `/users/${ada.id}/follow`, { as: bob });
    await users.events();
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect((await users.request("DELETE", `/users/${ada.id}/follow`, { as: bob })).status).toBe(204);
    }
    expect(await users.events()).toEqual([
      { event: "user.unfollowed", subject: bob.id, data: { followerId: bob.id, followeeId: ada.id } },
    ]);
    const { body } = await users.request("GET", `/users/${ada.id}`, { as: bob });
    expect(body).toMatchObject({ followerCount: 0, followedByMe: false });
  });

  test("204 where there was nothing to end, even nobody", async () => {
    const ada = await users.person("ada");
    expect((await users.request("DELETE", `/users/${newId()}/follow`, { as: ada })).status).toBe(204);
    expect((await users.request("DELETE", `/users/${ada.id}/follow`, { as: ada })).status).toBe(204);
  });
});

describe("DELETE /users/followers/{id}", () => {
  test("204: removes somebody who follows the caller, and leaves the caller's own following alone", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.request("POST", `/users/${ada.id}/follow`, { as: bob });
    await users.request("POST", `/users/${bob.id}/follow`, { as: ada });
    expect((await users.request("DELETE", `/users/followers/${bob.id}`, { as: ada })).status).toBe(204);
    const { body } = await users.request("GET", `/users/${bob.id}`, { as: ada });
    expect(body).toMatchObject({ followedByMe: true, followsMe: false, followerCount: 1, followingCount: 0 });
  });
});

describe("GET /users/{id}/followers and /following", () => {
  test("the latest first, page by page, with a link to the next", async () => {
    const ada = await users.person("ada");
    const fans: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const fan = await users.person("fan");
      await users.request("POST", `/users/${ada.id}/follow`, { as: fan });
      fans.unshift(fan.username);
    }
    const first = await users.request("GET", `/users/${ada.id}/followers?limit=2`, { as: ada });
    expect(namesIn(first)).toEqual(fans.slice(0, 2));
    expect(first.headers.get("link")).toMatch(
      new RegExp(`^</users/${ada.id}/followers\\?limit=2&cursor=[\\w-]+>; rel="next"$`),
    );
    expect(await pagesOf(users, `/users/${ada.id}/followers`, ada, 2)).toEqual(fans);
  });

  test("an item is a card and no more", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.request("POST", `/users/${ada.id}/follow`, { as: bob });
    const { body } = await users.request("GET", `/users/${bob.id}/following`, { as: ada });
    expect(body).toEqual({
      items: [{ id: ada.id, username: ada.username, name: "ada", avatarUrl: null, isPrivate: false }],
      nextCursor: null,
    });
  });

  test("whoever comes in between pages neither repeats nor displaces anybody", async () => {
    const ada = await users.person("ada");
    const fans: string[] = [];
    const follow = async () => {
      const fan = await users.person("fan");
      await users.request("POST", `/users/${ada.id}/follow`, { as: fan });
      return fan.username;
    };
    for (let index = 0; index < 6; index += 1) fans.unshift(await follow());
    expect(await pagesOf(users, `/users/${ada.id}/followers`, ada, 2, follow)).toEqual(fans);
  });

  test("follows of the same millisecond are all listed, once", async () => {
    const ada = await users.person("ada");
    const fans = await Promise.all(Array.from({ length: 7 }, () => users.person("fan")));
    for (const fan of fans) await users.request("POST", `/users/${ada.id}/follow`, { as: fan });
    await users.sql`update users.follows set created_at = '2026-01-01' where followee_id = ${ada.id}`;
    const listed = await pagesOf(users, `/users/${ada.id}/followers`, ada, 3);
    expect(listed.toSorted()).toEqual(fans.map((fan) => fan.username).toSorted());
  });

  test("400 for a cursor that is made up, cut, or of another list", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.request("POST", `/users/${ada.id}/follow`, { as: bob });
    await users.request("POST", `/users/${ada.id}/follow`, { as: await users.person("cleo") });
    const { body } = await users.request("GET", `/users/${ada.id}/followers?limit=1`, { as: ada });
    const cursor = String(Object(body).nextCursor);
    const yearZero = btoa(JSON.stringify([`followers of ${ada.id}`, "0000-01-01T00:00:00Z", ada.id]));
    for (const path of [
      `/users/${ada.id}/following?cursor=${cursor}`,
      `/users/${bob.id}/followers?cursor=${cursor}`,
      `/users/${ada.id}/followers?cursor=${cursor.slice(0, -3)}`,
      `/users/${ada.id}/followers?cursor=nonsense`,
      `/users/${ada.id}/followers?cursor=${yearZero}`,
      `/users/${ada.id}/followers?limit=0`,
      `/users/${ada.id}/followers?limit=101`,
    ]) {
      expect((await users.request("GET", path, { as: ada })).status).toBe(400);
    }
  });
});
