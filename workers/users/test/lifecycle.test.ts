import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namesIn } from "./system/lists.ts";
import { type Person, startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

const read = (person: Person, as: Person) => users.request("GET", `/users/${person.id}`, { as });
const count = async () => Number(Object((await users.request("GET", "/users/stats/count")).body).count);
const follow = (as: Person, whom: Person) => users.request("POST", `/users/${whom.id}/follow`, { as });

describe("user.created", () => {
  test("makes the profile, once however often it is delivered, and announces nothing of its own", async () => {
    const ada = await users.account("ada");
    const before = await count();
    const event = users.created(ada.id);
    const deliveries = await Promise.all([users.deliver(event), users.deliver(event), users.deliver(event)]);
    expect(deliveries).toEqual(["acknowledged", "acknowledged", "acknowledged"]);
    expect(await count()).toBe(before + 1);
    expect(await read(ada, ada)).toMatchObject({ status: 200, body: { username: ada.username } });
    expect(await users.events()).toEqual([]);
  });

  test("does not undo what the user has changed since", async () => {
    const ada = await users.person("ada");
    await users.request("PUT", "/users/profile", { as: ada, body: { name: "Countess" } });
    await users.deliver(users.created(ada.id));
    expect((await read(ada, ada)).body).toMatchObject({ name: "Countess" });
  });

  test("comes again while auth cannot be asked", async () => {
    const ada = await users.account("ada");
    const event = users.created(ada.id);
    users.auth.down = true;
    const refused = await users.deliver(event);
    users.auth.down = false;
    expect(refused).toBe("to come again");
    await breakerCloses();
    expect(await users.deliver(event)).toBe("acknowledged");
    expect((await read(ada, ada)).status).toBe(200);
  });
});

describe("a profile whose user.created never came", () => {
  test("is made when somebody reads it", async () => {
    const [ada, bob] = [await users.account("ada"), await users.person("bob")];
    const before = await count();
    const answers = await Promise.all(Array.from({ length: 5 }, () => read(ada, bob)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(await count()).toBe(before + 1);
  });

  test("is made when its owner reads or changes it", async () => {
    const [ada, bob] = [await users.account("ada"), await users.account("bob")];
    expect((await users.request("GET", "/users/profile", { as: ada })).status).toBe(200);
    const changed = await users.request("PUT", "/users/profile", { as: bob, body: { bio: "Here." } });
    expect(changed).toMatchObject({ status: 200, body: { bio: "Here.", name: "bob" } });
  });

  test("is made on both sides of a follow", async () => {
    const [ada, bob] = [await users.account("ada"), await users.account("bob")];
    expect(await follow(ada, bob)).toMatchObject({ status: 200, body: { followedByMe: true } });
    expect((await read(bob, ada)).body).toMatchObject({ followerCount: 1, followsMe: false });
  });

  test("auth is asked once about an id that it does not know", async () => {
    const [ada, nobody] = [await users.person("ada"), await users.account("nobody")];
    users.auth.accounts.delete(nobody.id);
    for (let repeat = 0; repeat < 3; repeat += 1) expect((await read(nobody, ada)).status).toBe(404);
    expect(users.auth.asked.filter((id) => id === nobody.id)).toHaveLength(1);
  });

  test("503, not 404, while auth cannot be asked; others are not affected", async () => {
    const [ada, bob] = [await users.account("ada"), await users.person("bob")];
    users.auth.down = true;
    const missing = await read(ada, bob);
    const known = await read(bob, bob);
    users.auth.down = false;
    expect(missing).toMatchObject({ status: 503, body: { code: "unavailable" } });
    expect(missing.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(known.status).toBe(200);
    await breakerCloses();
    expect((await read(ada, bob)).status).toBe(200);
  });
});

describe("user.deleted", () => {
  test("erases everything of the user, with the counts of the others, however often it is delivered", async () => {
    const [ada, bob, cleo] = [await users.person("ada"), await users.person("bob"), await users.person("cleo")];
    await follow(ada, bob);
    await follow(bob, ada);
    await follow(cleo, ada);
    await follow(cleo, bob);
    await users.request("POST", `/users/${cleo.id}/mute`, { as: ada });
    await users.request("PUT", "/users/preferences", { as: ada, body: { theme: "dark" } });
    await users.request("PUT", "/users/profile", { as: ada, body: { bio: "Secret" } });
    const before = await count();
    const event = users.deleted(ada.id);
    await Promise.all([users.deliver(event), users.deliver(event)]);
    await users.deliver(event);

    expect(await count()).toBe(before - 1);
    expect((await read(ada, bob)).status).toBe(404);
    expect((await read(bob, cleo)).body).toMatchObject({ followerCount: 1, followingCount: 0 });
    expect((await read(cleo, bob)).body).toMatchObject({ followerCount: 0, followingCount: 1 });
    expect(namesIn(await users.request("GET", `/users/${bob.id}/followers`, { as: bob }))).toEqual([cleo.username]);
    const [left] = await users.sql`
      select username || email || name || bio as words, avatar_url, follower_count, following_count,
        (select count(*)::int from users.follows where ${ada.id} in (follower_id, followee_id)) as follows,
        (select count(*)::int from users.mutes where ${ada.id} in (muter_id, muted_id)) as mutes,
        (select count(*)::int from users.preferences where user_id = ${ada.id}) as preferences
      from users.profiles where id = ${ada.id}`;
    const nothing = { words: "", avatar_url: null, follower_count: 0, following_count: 0 };
    expect(left).toEqual({ ...nothing, follows: 0, mutes: 0, preferences: 0 });
  });

  test("before user.created: the user never appears", async () => {
    const [ada, bob] = [await users.account("ada"), await users.person("bob")];
    const before = await count();
    await users.deliver(users.deleted(ada.id));
    // Auth still knows the account, as a replica that lags behind would.
    expect(await users.deliver(users.created(ada.id))).toBe("acknowledged");
    expect((await read(ada, bob)).status).toBe(404);
    expect((await users.request("GET", "/users/profile", { as: ada })).status).toBe(404);
    expect((await follow(bob, ada)).status).toBe(404);
    expect((await follow(ada, bob)).status).toBe(404);
    expect(await count()).toBe(before);
  });

  test("at the same time as user.created: the user is gone in the end", async () => {
    const people = await Promise.all(Array.from({ length: 20 }, () => users.account("brief")));
    const before = await count();
    await Promise.all(people.flatMap(({ id }) => [users.deliver(users.created(id)), users.deliver(users.deleted(id))]));
    const [left] = await users.sql`
      select count(*)::int as living from users.profiles
      where id in ${users.sql(people.map(({ id }) => id))} and erased_at is null`;
    expect(left).toEqual({ living: 0 });
    expect(await count()).toBe(before);
  });

  test("a run that was cut short is finished by the next delivery", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await follow(bob, ada);
    // What is left when the process dies after its first transaction.
    await users.sql`
      update users.profiles set erased_at = now(), username = '', follower_count = 0, following_count = 0
      where id = ${ada.id}`;
    await users.deliver(users.deleted(ada.id));
    expect((await read(bob, bob)).body).toMatchObject({ followingCount: 0 });
  });
});

describe("DELETE /users/profile", () => {
  test("204: the account is deleted at auth and the profile is gone at once; a repeat answers the same", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await follow(bob, ada);
    expect((await users.request("DELETE", "/users/profile", { as: ada })).status).toBe(204);
    expect(users.auth.accounts.has(ada.id)).toBe(false);
    expect((await read(ada, bob)).status).toBe(404);
    expect((await read(bob, bob)).body).toMatchObject({ followingCount: 0 });
    expect((await users.request("DELETE", "/users/profile", { as: ada })).status).toBe(204);
    await users.deliver(users.deleted(ada.id));
    expect((await read(bob, bob)).body).toMatchObject({ followingCount: 0 });
  });

  test("401 for a token without a session in force, and nothing is lost", async () => {
    const ada = await users.person("ada");
    const token = await users.tokenOf({ ...ada, sessionId: newId() });
    const refused = await users.request("DELETE", "/users/profile", { as: { ...ada, token } });
    expect(refused).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    expect((await read(ada, ada)).body).toMatchObject({ username: ada.username });
  });

  test("401 confirmation_required, as RFC 9470 says it, where auth asks for a proof, and nothing is lost", async () => {
    const ada = await users.person("ada");
    users.auth.asksForProof = true;
    const refused = await users.request("DELETE", "/users/profile", { as: ada });
    users.auth.asksForProof = false;
    expect(refused).toMatchObject({ status: 401, body: { code: "confirmation_required" } });
    expect(refused.headers.get("www-authenticate")).toBe(
      'Bearer realm="trivet", error="insufficient_user_authentication"',
    );
    expect((await read(ada, ada)).body).toMatchObject({ username: ada.username });
  });

  test("503 while auth is down, and nothing is lost", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await follow(bob, ada);
    users.auth.down = true;
    const refused = await users.request("DELETE", "/users/profile", { as: ada });
    users.auth.down = false;
    expect(refused).toMatchObject({ status: 503, body: { code: "unavailable" } });
    expect((await read(ada, bob)).body).toMatchObject({ username: ada.username, followerCount: 1 });
    await breakerCloses();
  });

  test("whoever registers again under the same name is somebody new, even before the old one is erased", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await follow(bob, ada);
    const again = await users.account("ada");
    const account = users.auth.accounts.get(again.id);
    if (!account) throw new Error("The stand-in lost an account.");
    users.auth.accounts.set(again.id, { ...account, username: ada.username });
    await users.deliver(users.created(again.id));
    const byName = () => users.request("GET", `/users/by-username/${ada.username}`, { as: bob });
    expect((await byName()).body).toMatchObject({ id: again.id, followerCount: 0 });
    await users.deliver(users.deleted(ada.id));
    expect((await byName()).body).toMatchObject({ id: again.id, followerCount: 0 });
    expect((await read(ada, bob)).status).toBe(404);
  });
});

/** The circuit to auth opens while auth is down and lets a probe through some seconds later. */
async function breakerCloses(): Promise<void> {
  const probe = await users.account("probe");
  await expect.poll(() => users.deliver(users.created(probe.id))).toBe("acknowledged");
}
