import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namesIn, pagesOf } from "./system/lists.ts";
import { type Person, startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

async function privatePerson(name: string): Promise<Person> {
  const person = await users.person(name);
  await users.request("PUT", "/users/profile", { as: person, body: { isPrivate: true } });
  await users.events();
  return person;
}

const follow = (as: Person, whom: Person) => users.request("POST", `/users/${whom.id}/follow`, { as });
const accept = (as: Person, whom: Person) => users.request("POST", `/users/follow-requests/${whom.id}/accept`, { as });
const reject = (as: Person, whom: Person) => users.request("POST", `/users/follow-requests/${whom.id}/reject`, { as });
const counts = async (person: Person) =>
  Object(await users.request("GET", `/users/${person.id}`, { as: person })).body.followerCount;

describe("a private account", () => {
  test("shows its profile to everybody, its lists to its owner and accepted followers", async () => {
    const [ada, bob, eve] = [await privatePerson("ada"), await users.person("bob"), await users.person("eve")];
    await follow(bob, ada);
    await accept(ada, bob);
    expect(await users.request("GET", `/users/${ada.id}`, { as: eve })).toMatchObject({
      status: 200,
      body: { isPrivate: true, followerCount: 1 },
    });
    for (const list of ["followers", "following"]) {
      const path = `/users/${ada.id}/${list}`;
      expect((await users.request("GET", path, { as: ada })).status).toBe(200);
      expect((await users.request("GET", path, { as: bob })).status).toBe(200);
      expect(await users.request("GET", path, { as: eve })).toMatchObject({ status: 403, body: { code: "forbidden" } });
    }
  });

  test("is asked, not followed: 200 requested, announced once, counted only when accepted", async () => {
    const [ada, bob] = [await privatePerson("ada"), await users.person("bob")];
    for (let repeat = 0; repeat < 2; repeat += 1) {
      const { status, body } = await follow(bob, ada);
      expect({ status, body }).toEqual({ status: 200, body: { followedByMe: false, requested: true } });
    }
    expect(await users.events()).toEqual([
      { event: "user.follow_requested", subject: bob.id, data: { requesterId: bob.id, targetId: ada.id } },
    ]);
    expect(await counts(ada)).toBe(0);
    expect((await users.request("GET", `/users/${ada.id}`, { as: bob })).body).toMatchObject({ requested: true });
    expect(namesIn(await users.request("GET", "/users/follow-requests", { as: ada }))).toEqual([bob.username]);
    expect(namesIn(await users.request("GET", "/users/follow-requests", { as: bob }))).toEqual([]);

    for (let repeat = 0; repeat < 2; repeat += 1) expect((await accept(ada, bob)).status).toBe(204);
    expect(await users.events()).toEqual([
      { event: "user.followed", subject: bob.id, data: { followerId: bob.id, followeeId: ada.id } },
    ]);
    expect(await counts(ada)).toBe(1);
    expect(namesIn(await users.request("GET", "/users/follow-requests", { as: ada }))).toEqual([]);
  });

  test("rejects: 204 however often, and whoever was rejected may ask again", async () => {
    const [ada, bob] = [await privatePerson("ada"), await users.person("bob")];
    await follow(bob, ada);
    await users.events();
    for (let repeat = 0; repeat < 2; repeat += 1) expect((await reject(ada, bob)).status).toBe(204);
    expect(await users.events()).toEqual([]);
    expect((await accept(ada, bob)).status).toBe(404);
    expect((await follow(bob, ada)).body).toEqual({ followedByMe: false, requested: true });
  });

  test("a request that is withdrawn cannot be accepted any more", async () => {
    const [ada, bob] = [await privatePerson("ada"), await users.person("bob")];
    await follow(bob, ada);
    await users.events();
    expect((await users.request("DELETE", `/users/${ada.id}/follow`, { as: bob })).status).toBe(204);
    expect(await accept(ada, bob)).toMatchObject({ status: 404 });
    expect(await users.events()).toEqual([]);
    expect(await counts(ada)).toBe(0);
  });

  test("nobody but the one who was asked can answer", async () => {
    const [ada, bob, eve] = [await privatePerson("ada"), await users.person("bob"), await users.person("eve")];
    await follow(bob, ada);
    for (const stranger of [bob, eve]) {
      expect((await accept(stranger, bob)).status).toBe(404);
      expect((await reject(stranger, bob)).status).toBe(204);
    }
    expect((await users.request("GET", `/users/${ada.id}`, { as: bob })).body).toMatchObject({ requested: true });
  });

  test("going public lets everybody in who waits, more than a batch of them", async () => {
    const ada = await privatePerson("ada");
    const waiting = await Promise.all(Array.from({ length: 5 }, () => users.person("fan")));
    for (const fan of waiting) await follow(fan, ada);
    await users.sql`
      with crowd as (
        insert into users.profiles (id, username) select gen_random_uuid(), 'crowd' || n from generate_series(1, 450) n
        returning id)
      insert into users.follow_requests (requester_id, target_id) select id, ${ada.id} from crowd`;
    await users.events();
    const { status, body } = await users.request("PUT", "/users/profile", { as: ada, body: { isPrivate: false } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ isPrivate: false, followerCount: 455 });
    const sent = await users.events();
    expect(sent.filter(({ event }) => event === "user.followed")).toHaveLength(455);
    const [rows] = await users.sql`
      select (select count(*)::int from users.follows where followee_id = ${ada.id}) as follows,
             (select count(*)::int from users.follow_requests where target_id = ${ada.id}) as requests,
             (select count(*)::int from users.profiles where following_count = 1 and username like 'crowd%') as counted`;
    expect(rows).toEqual({ follows: 455, requests: 0, counted: 450 });
    expect(await pagesOf(users, `/users/${ada.id}/followers`, ada, 100)).toHaveLength(455);
  });

  test("a request that a crash left behind on a public account becomes a follow when it is made again", async () => {
    const [ada, bob] = [await privatePerson("ada"), await users.person("bob")];
    await follow(bob, ada);
    await users.sql`update users.profiles set is_private = false where id = ${ada.id}`;
    expect((await follow(bob, ada)).body).toEqual({ followedByMe: true, requested: false });
    expect(await counts(ada)).toBe(1);
    expect(namesIn(await users.request("GET", "/users/follow-requests", { as: ada }))).toEqual([]);
  });

  test("going private keeps the followers there are", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await follow(bob, ada);
    await users.request("PUT", "/users/profile", { as: ada, body: { isPrivate: true } });
    expect((await users.request("GET", `/users/${ada.id}/followers`, { as: bob })).status).toBe(200);
    expect((await follow(bob, ada)).body).toEqual({ followedByMe: true, requested: false });
  });
});
