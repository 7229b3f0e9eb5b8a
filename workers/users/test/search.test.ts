import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { namesIn } from "./system/lists.ts";
import { type Person, startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
let seeker: Person;
beforeAll(async () => {
  users = await startUsers();
  seeker = await users.person("seeker");
  await users.sql`
    insert into users.profiles (id, username, name, follower_count) values
      (gen_random_uuid(), 'grace', 'Someone Else', 0),
      (gen_random_uuid(), 'grace.hopper', 'Rear Admiral', 5),
      (gen_random_uuid(), 'gracious', 'G. Kelly', 9),
      (gen_random_uuid(), 'amazing', 'Grace Jones', 50),
      (gen_random_uuid(), 'a_b', 'Underscore', 0),
      (gen_random_uuid(), 'axb', 'No Underscore', 0)`;
});
afterAll(() => users.stop());

const search = (query: string, rest = "") =>
  users.request("GET", `/users/search/${encodeURIComponent(query)}${rest}`, { as: seeker });

describe("GET /users/search/{query}", () => {
  test("the very username first, then those that begin like it, then words alike", async () => {
    expect(namesIn(await search("grace"))).toEqual(["grace", "grace.hopper", "amazing", "gracious"]);
    expect(namesIn(await search("GRAC"))).toEqual(["gracious", "grace.hopper", "grace", "amazing"]);
  });

  test("forgives a slip of the pen", async () => {
    expect(namesIn(await search("grase jones"))).toContain("amazing");
  });

  test("takes wildcards for what they are", async () => {
    expect(namesIn(await search("a_"))).toEqual(["a_b"]);
    expect(namesIn(await search("%%"))).toEqual([]);
    expect(namesIn(await search("\\\\"))).toEqual([]);
    expect(namesIn(await search("' or 1=1 --"))).toEqual([]);
  });

  test("shows cards, at most as many as asked for, and no further page", async () => {
    const { status, body } = await search("grac", "?limit=2");
    expect(status).toBe(200);
    expect(body).toMatchObject({ items: [{ username: "gracious" }, { username: "grace.hopper" }], nextCursor: null });
    expect(Object.keys(Object(body).items[0])).toEqual(["id", "username", "name", "avatarUrl", "isPrivate"]);
  });

  test("400 for less than two characters, or more than 80", async () => {
    for (const query of ["a", " a ", "x".repeat(81)]) expect((await search(query)).status).toBe(400);
  });

  test("finds nobody by their email address", async () => {
    expect(namesIn(await search("example.com"))).toEqual([]);
  });
});
