import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startUsers, type UsersSystem } from "./system/start-users.ts";

let users: UsersSystem;
beforeAll(async () => {
  users = await startUsers();
});
afterAll(() => users.stop());

describe("GET /users/preferences", () => {
  test("200: the defaults of somebody who has chosen nothing", async () => {
    const ada = await users.person("ada");
    const { status, body } = await users.request("GET", "/users/preferences", { as: ada });
    expect(status).toBe(200);
    expect(body).toMatchObject({ theme: "system", locale: "en", timeZone: "UTC" });
    expect(body).toMatchObject({ notifications: { follows: { inApp: true, email: false, push: true } } });
    expect(body).toMatchObject({ notifications: { account: { inApp: true, email: true, push: true } } });
  });
});

describe("PUT /users/preferences", () => {
  test("200: replaces what is given down to one channel, keeps the rest, and is announced", async () => {
    const ada = await users.person("ada");
    await users.events();
    const first = { theme: "dark", locale: "de-ch", notifications: { follows: { push: false } } };
    await users.request("PUT", "/users/preferences", { as: ada, body: first });
    const second = { timeZone: "Europe/Zurich", notifications: { follows: { email: true }, likes: { inApp: false } } };
    const { status, body } = await users.request("PUT", "/users/preferences", { as: ada, body: second });
    expect(status).toBe(200);
    expect(body).toMatchObject({ theme: "dark", locale: "de-CH", timeZone: "Europe/Zurich" });
    expect(body).toMatchObject({
      notifications: {
        follows: { inApp: true, email: true, push: false },
        likes: { inApp: false, email: false, push: true },
      },
    });
    expect((await users.request("GET", "/users/preferences", { as: ada })).body).toEqual(body);
    const told = { event: "settings.updated", subject: ada.id, data: { userId: ada.id } };
    expect(await users.events()).toEqual([told, told]);
    await users.request("PUT", "/users/preferences", { as: ada, body: second });
    expect(await users.events()).toEqual([]);
  });

  test("changes at the same time do not overwrite one another", async () => {
    const ada = await users.person("ada");
    const categories = ["follows", "likes", "replies", "mentions", "shares", "jobs", "payments", "reminders"];
    await Promise.all(
      categories.map((category) =>
        users.request("PUT", "/users/preferences", {
          as: ada,
          body: { notifications: { [category]: { push: false } } },
        }),
      ),
    );
    const { body } = await users.request("GET", "/users/preferences", { as: ada });
    for (const category of categories) expect(body).toMatchObject({ notifications: { [category]: { push: false } } });
  });

  test("412 when they have changed since they were read", async () => {
    const ada = await users.person("ada");
    const { headers } = await users.request("GET", "/users/preferences", { as: ada });
    const ifMatch = { "if-match": headers.get("etag") ?? "" };
    const put = (theme: string) =>
      users.request("PUT", "/users/preferences", { as: ada, body: { theme }, headers: ifMatch });
    expect((await put("dark")).status).toBe(200);
    expect((await put("light")).status).toBe(412);
  });

  test.each([
    ["an unknown theme", { theme: "pink" }, "/theme"],
    ["a locale that is none", { locale: "en_US" }, "/locale"],
    ["a zone that does not exist", { timeZone: "Mars/Olympus" }, "/timeZone"],
    ["an offset, which knows no summer time", { timeZone: "+02:00" }, "/timeZone"],
    ["an unknown category", { notifications: { spam: { push: true } } }, "/notifications/spam"],
    ["an unknown channel", { notifications: { likes: { fax: true } } }, "/notifications/likes/fax"],
    ["a channel that is not yes or no", { notifications: { likes: { push: 1 } } }, "/notifications/likes/push"],
  ])("400: %s", async (_, body, pointer) => {
    const ada = await users.person("ada");
    const answer = await users.request("PUT", "/users/preferences", { as: ada, body });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ in: "body", pointer }] } });
  });
});
