import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Person, startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

const follow = (as: Person, whom: Person) => users.request("POST", `/users/${whom.id}/follow`, { as });
const unfollow = (as: Person, whom: Person) => users.request("DELETE", `/users/${whom.id}/follow`, { as });
const block = (as: Person, whom: Person) => users.request("POST", `/users/${whom.id}/block`, { as });

const people = (size: number) => Promise.all(Array.from({ length: size }, () => users.person("many")));

/** Profiles whose counts differ from the follows there are. */
const drifted = () => users.sql`
  select id from users.profiles p
  where follower_count <> (select count(*) from users.follows where followee_id = p.id)
     or following_count <> (select count(*) from users.follows where follower_id = p.id)`;

const statusesOf = (answers: { status: number }[]) => [...new Set(answers.map(({ status }) => status))].toSorted();

/** The same choices in every run. */
function dice(seed: number) {
  let state = seed;
  return (sides: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % sides;
  };
}

describe("counts", () => {
  test("200 people follow one at once: 200", async () => {
    const ada = await users.person("ada");
    const fans = await people(200);
    await users.events();
    const answers = await Promise.all(fans.map((fan) => follow(fan, ada)));
    expect(statusesOf(answers)).toEqual([200]);
    expect((await users.request("GET", `/users/${ada.id}`, { as: ada })).body).toMatchObject({ followerCount: 200 });
    expect(await users.events()).toHaveLength(200);
    expect(await drifted()).toEqual([]);
  });

  test("one person sends the same follow 200 times at once: 1", async () => {
    const [ada, bob] = [await users.person("ada"), await users.person("bob")];
    await users.events();
    const answers = await Promise.all(Array.from({ length: 200 }, () => follow(bob, ada)));
    expect(statusesOf(answers)).toEqual([200]);
    expect((await users.request("GET", `/users/${ada.id}`, { as: ada })).body).toMatchObject({ followerCount: 1 });
    expect(await users.events()).toHaveLength(1);
    expect(await drifted()).toEqual([]);
  });

  test("a crowd follows, unfollows and blocks one another in all directions, without drift or deadlock", async () => {
    const crowd = await people(12);
    const roll = dice(7);
    const deeds = Array.from({ length: 600 }, () => {
      const one = crowd[roll(crowd.length)];
      const other = crowd[roll(crowd.length)];
      if (!one || !other) throw new Error("The dice fell outside the crowd.");
      const kind = roll(10);
      if (kind === 0) return () => block(one, other);
      return kind < 4 ? () => unfollow(one, other) : () => follow(one, other);
    });
    const answers = await Promise.all(deeds.map((deed) => deed()));
    expect(statusesOf(answers).filter((status) => ![200, 204, 404, 422].includes(status))).toEqual([]);
    expect(await drifted()).toEqual([]);
    const [across] = await users.sql`
      select count(*)::int as follows from users.follows f join users.blocks b
      on (f.follower_id, f.followee_id) in ((b.blocker_id, b.blocked_id), (b.blocked_id, b.blocker_id))`;
    expect(across).toEqual({ follows: 0 });
  });

  test("people are erased while others follow them: nobody is left counting the gone", async () => {
    const crowd = await people(16);
    const leaving = crowd.slice(0, 6);
    const roll = dice(11);
    const pick = (): Person => crowd[roll(crowd.length)] ?? Object(crowd[0]);
    const deeds = Array.from({ length: 300 }, (): (() => Promise<{ status: number }>) => {
      const [one, other] = [pick(), pick()];
      return roll(4) === 0 ? () => unfollow(one, other) : () => follow(one, other);
    });
    const leave = leaving.map(({ id }) => async () => {
      users.auth.accounts.delete(id);
      return { status: (await users.deliver(users.deleted(id))) === "acknowledged" ? 204 : 500 };
    });
    deeds.splice(150, 0, ...leave);
    const answers = await Promise.all(deeds.map((deed) => deed()));
    expect(statusesOf(answers).filter((status) => ![200, 204, 404, 422].includes(status))).toEqual([]);
    expect(await drifted()).toEqual([]);
    const [left] = await users.sql`
      select count(*)::int as follows from users.follows f join users.profiles p
      on p.id in (f.follower_id, f.followee_id) where p.erased_at is not null`;
    expect(left).toEqual({ follows: 0 });
  });

  test("requests accepted, withdrawn and let in by going public at the same time count once", async () => {
    const ada = await users.person("ada");
    const fans = await people(40);
    await users.request("PUT", "/users/profile", { as: ada, body: { isPrivate: true } });
    await Promise.all(fans.map((fan) => follow(fan, ada)));
    const deeds = fans.flatMap((fan, index) => [
      () => users.request("POST", `/users/follow-requests/${fan.id}/accept`, { as: ada }),
      () => (index % 2 === 0 ? unfollow(fan, ada) : follow(fan, ada)),
    ]);
    deeds.splice(40, 0, () => users.request("PUT", "/users/profile", { as: ada, body: { isPrivate: false } }));
    const answers = await Promise.all(deeds.map((deed) => deed()));
    expect(statusesOf(answers).filter((status) => ![200, 204, 404].includes(status))).toEqual([]);
    expect(await drifted()).toEqual([]);
    const [left] = await users.sql`select count(*)::int as n from users.follow_requests where target_id = ${ada.id}`;
    expect(left).toEqual({ n: 0 });
  });
});
