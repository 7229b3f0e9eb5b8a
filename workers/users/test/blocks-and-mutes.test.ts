import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namesIn } from "./system/lists.ts";
import { type Person, startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

const block = (as: Person, whom: Person) => users.request("POST", `/users/${whom.id}/block`, { as });
const follow = (as: Person, whom: Person) => users.request("POST", `/users/${whom.id}/follow`, { as });

describe("POST /users/{id}/block", () => {
  test("204: ends following both ways, counts it, and announces each end once", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await follow(ada, bob);
    await follow(bob, ada);
    await users.events();
    for (let repeat = 0; repeat < 2; repeat += 1) expect((await block(ada, bob)).status).toBe(204);
    const sent = await users.events();
    expect(sent).toHaveLength(2);
    expect(sent).toContainEqual({
      event: "user.unfollowed",
      subject: ada.id,
      data: { followerId: ada.id, followeeId: bob.id },
    });
    expect(sent).toContainEqual({
      event: "user.unfollowed",
      subject: bob.id,
      data: { followerId: bob.id, followeeId: ada.id },
    });
    for (const person of [ada, bob]) {
      const { body } = await users.request("GET", `/users/${person.id}`, { as: person });
      expect(body).toMatchObject({ followerCount: 0, followingCount: 0 });
    }
  });

  test("drops requests in both directions", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    for (const as of [ada, bob]) await users.request("PUT", "/users/profile", { as, body: { isPrivate: true } });
    await follow(ada, bob);
    await follow(bob, ada);
    await block(ada, bob);
    for (const as of [ada, bob]) {
      expect(namesIn(await users.request("GET", "/users/follow-requests", { as }))).toEqual([]);
    }
    await users.request("DELETE", `/users/${bob.id}/block`, { as: ada });
    expect((await users.request("POST", `/users/follow-requests/${bob.id}/accept`, { as: ada })).status).toBe(404);
  });

  test.each([
    ["GET", "/users/{id}"],
    ["GET", "/users/by-username/{name}"],
    ["GET", "/users/{id}/stats"],
    ["GET", "/users/{id}/followers"],
    ["GET", "/users/{id}/following"],
    ["POST", "/users/{id}/follow"],
    ["POST", "/users/{id}/mute"],
    ["POST", "/users/follow-requests/{id}/accept"],
  ])("%s %s answers either of the two as if the other were nobody", async (method, path) => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await block(ada, bob);
    await users.events();
    for (const [as, other] of [
      [ada, bob],
      [bob, ada],
    ] as const) {
      const at = (id: string, name: string) => path.replace("{id}", id).replace("{name}", name);
      const hidden = await users.request(method, at(other.id, other.username), { as });
      const nobody = await users.request(method, at(newId(), "nobody.at.all"), { as });
      expect(hidden.status).toBe(404);
      const { instance: _i, request_id: _r, ...said } = Object(hidden.body);
      expect(nobody.body).toMatchObject(said);
    }
    expect(await users.events()).toEqual([]);
  });

  test("the blocked cannot block back or learn of it; the blocker can lift it", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await block(ada, bob);
    expect((await block(bob, ada)).status).toBe(404);
    expect((await users.request("DELETE", `/users/${ada.id}/block`, { as: bob })).status).toBe(204);
    expect((await users.request("GET", `/users/${bob.id}`, { as: ada })).status).toBe(404);
    expect(namesIn(await users.request("GET", "/users/blocks", { as: bob }))).toEqual([]);
    expect(namesIn(await users.request("GET", "/users/blocks", { as: ada }))).toEqual([bob.username]);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect((await users.request("DELETE", `/users/${bob.id}/block`, { as: ada })).status).toBe(204);
    }
    expect((await users.request("GET", `/users/${bob.id}`, { as: ada })).status).toBe(200);
    expect(namesIn(await users.request("GET", "/users/blocks", { as: ada }))).toEqual([]);
  });

  test("neither appears to the other in anybody's lists or in the search", async () => {
    const [ada, bob, cleo] = [await users.person("ada"), await users.person("bob"), await users.person("cleo")];
    for (const fan of [ada, bob]) {
      await follow(fan, cleo);
      await follow(cleo, fan);
    }
    await block(ada, bob);
    for (const list of ["followers", "following"]) {
      const path = `/users/${cleo.id}/${list}`;
      expect(namesIn(await users.request("GET", path, { as: ada }))).toEqual([ada.username]);
      expect(namesIn(await users.request("GET", path, { as: bob }))).toEqual([bob.username]);
      expect(namesIn(await users.request("GET", path, { as: cleo }))).toHaveLength(2);
    }
    const search = (as: Person, whom: Person) => users.request("GET", `/users/search/${whom.username}`, { as });
    expect(namesIn(await search(ada, bob))).not.toContain(bob.username);
    expect(namesIn(await search(bob, ada))).not.toContain(ada.username);
    expect(namesIn(await search(cleo, ada))).toContain(ada.username);
  });

  test("422 for oneself, 404 for nobody", async () => {
    const ada = await users.person("ada");
    expect((await block(ada, ada)).status).toBe(422);
    expect((await users.request("POST", `/users/${newId()}/block`, { as: ada })).status).toBe(404);
  });
});

describe("POST and DELETE /users/{id}/mute", () => {
  test("204 however often; only the one who muted sees it", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.events();
    const path = `/users/${bob.id}/mute`;
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect((await users.request("POST", path, { as: ada })).status).toBe(204);
    }
    expect(namesIn(await users.request("GET", "/users/mutes", { as: ada }))).toEqual([bob.username]);
    expect(namesIn(await users.request("GET", "/users/mutes", { as: bob }))).toEqual([]);
    expect((await users.request("GET", `/users/${ada.id}`, { as: bob })).status).toBe(200);
    for (let repeat = 0; repeat < 2; repeat += 1) {
      expect((await users.request("DELETE", path, { as: ada })).status).toBe(204);
    }
    expect(namesIn(await users.request("GET", "/users/mutes", { as: ada }))).toEqual([]);
    expect(await users.events()).toEqual([]);
  });

  test("422 for oneself, 404 for nobody", async () => {
    const ada = await users.person("ada");
    expect((await users.request("POST", `/users/${ada.id}/mute`, { as: ada })).status).toBe(422);
    expect((await users.request("POST", `/users/${newId()}/mute`, { as: ada })).status).toBe(404);
  });
});
