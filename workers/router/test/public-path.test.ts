import { beforeEach, describe, expect, test } from "vitest";
import { destinationOf } from "../src/public-path.ts";
import { type Door, door, problemOf, Upstream } from "./fixture/door.ts";

/** As a request would bring it: the URL parser resolves dots, and slashes of the wrong kind. */
const pathOf = (address: string): string => new URL(`http://trivet.test${address}`).pathname;

const leads: [from: string, service: string, path: string][] = [
  ["/users/1", "users", "/users/1"],
  ["/users", "users", "/users"],
  ["/users/", "users", "/users/"],
  ["/api/users/1", "users", "/users/1"],
  ["/api/v1/users/1", "users", "/users/1"],
  ["/user/profile", "users", "/users/profile"],
  ["/api/v1/user/profile", "users", "/users/profile"],
  ["/users/register", "auth", "/auth/register"],
  ["/users/login", "auth", "/auth/login"],
  ["/user/register", "auth", "/auth/register"],
  ["/user/login", "auth", "/auth/login"],
  ["/api/users/login", "auth", "/auth/login"],
  ["/api/v1/users/register", "auth", "/auth/register"],
  ["/users/login/more", "users", "/users/login/more"],
  ["/.well-known/jwks.json", "auth", "/auth/.well-known/jwks.json"],
  ["/asyncapi.json", "events", "/events/asyncapi.json"],
  ["/auth/.well-known/jwks.json", "auth", "/auth/.well-known/jwks.json"],
  ["/post/1/like", "posts", "/posts/1/like"],
  ["/posts/1/like", "posts", "/posts/1/like"],
  ["/files/a.png", "media", "/media/a.png"],
  ["/notification/unread-count", "notifications", "/notifications/unread-count"],
  ["/payment/1", "payments", "/payments/1"],
  ["/users/a%20b", "users", "/users/a%20b"],
  ["/users/%C3%A4", "users", "/users/%C3%A4"],
  ["/users/a%2Fb", "users", "/users/a%2Fb"],
  ["/users/a%5Cb", "users", "/users/a%5Cb"],
  ["/users/a%2525b", "users", "/users/a%2525b"],
  ["/users/a%3Fb%23c", "users", "/users/a%3Fb%23c"],
  ["/users/%6d%65", "users", "/users/me"],
  ["/auth/%6Cogin", "auth", "/auth/login"],
  ["/%75sers/1", "users", "/users/1"],
  ["/users/search/internal", "users", "/users/search/internal"],
  ["/users/internals", "users", "/users/internals"],
  ["/users/a..b", "users", "/users/a..b"],
  ["/users/%7euser", "users", "/users/~user"],
];

describe("destinationOf", () => {
  test.each(leads)("%s leads to %s at %s", (from, service, path) => {
    expect(destinationOf(pathOf(from))).toEqual({ service, path });
  });

  test.each([
    "/",
    "//",
    "//users/1",
    "/api/",
    "/api/v1/",
    "/api//users",
    "/_",
    "/_/x",
    "/Users/1",
    "/USERS/1",
    "/users%2F1",
    "/users%5C1",
    "/us%20ers/1",
    "/-users/1",
    "/1users",
    "/__proto__/x",
    "/constructor.name/x",
    "/users@evil.test/x",
    "/users:80/x",
    "/.git/config",
    "/%00/x",
  ])("%s leads nowhere", (address) => {
    expect(destinationOf(pathOf(address))).toBeUndefined();
  });
});

const inside = [
  "/users/internal",
  "/users/internal/",
  "/users/internal/batch",
  "/user/internal/batch",
  "/api/users/internal/batch",
  "/api/v1/users/internal/batch",
  "/users//internal/batch",
  "/users///internal/batch",
  "/users/./internal/batch",
  "/users/%2e/internal/batch",
  "/users/x/../internal/batch",
  "/users/x/%2e%2e/internal/batch",
  "/users/x/%2E./internal/batch",
  "/auth/../users/internal/batch",
  "/users/INTERNAL/batch",
  "/users/Internal/batch",
  "/users/%69nternal/batch",
  "/users/%49nternal/batch",
  "/users/%69%6e%74%65%72%6e%61%6c/batch",
  "/users/interna%6C/batch",
  "/users/%2569nternal/batch",
  "/users/%2569nternal/%25zz",
  "/users/%2Finternal/batch",
  "/users/%2F%2Finternal/batch",
  "/users/internal%2Fbatch",
  "/users/internal%5Cbatch",
  "/users\\internal\\batch",
  "/users/%5Cinternal/batch",
  "/users/.%2Finternal/batch",
  "/users/%252Finternal/batch",
  "/users/%255Cinternal/batch",
  "/users/%09internal/batch",
  "/users/inter%09nal/batch",
  "/users/inter%0Anal/batch",
  "/users/inter%0D%0Anal/batch",
  "/users/internal%20/batch",
  "/users/internal%00/batch",
  "/users/inter\tnal/batch",
  "/users/x%2F..%2Finternal/batch",
  "/users/x/..%2Finternal/batch",
  "/users/x%5C..%5Cinternal/batch",
  "/users/x/..%5Cinternal/batch",
  "/users/x/%252e%252e/internal/batch",
  "/users/..%2Fauth/internal/accounts",
  "/users/%2e%2e%2fauth%2finternal/accounts",
];

describe("an internal route", () => {
  let users: Upstream;
  let front: Door;

  beforeEach(() => {
    users = new Upstream();
    front = door({ USERS: users, AUTH: new Upstream() });
  });

  test.each(inside)("is never reached from outside: %j", async (address) => {
    expect(destinationOf(pathOf(address))).toBeUndefined();
    const response = await front.send(address, { method: "POST" });
    expect([400, 404]).toContain(response.status);
    expect(users.asked).toHaveLength(0);
  });

  test("whatever is forwarded arrives under the very path that was judged", async () => {
    for (const [from, service, path] of leads) {
      if (service !== "users") continue;
      await front.send(from);
      expect(new URL(users.last.url).pathname, from).toBe(path);
    }
  });
});

describe("a path that leads nowhere", () => {
  test.each(["/nobody/1", "/router/x", "/assets/x", "/constructor/x", "/api", "/api/v1", "/api/v1/nobody"])(
    "answers 404: %s",
    async (path) => {
      const ASSETS = new Upstream();
      const response = await door({ USERS: new Upstream(), ASSETS }).send(path);
      expect(response.status).toBe(404);
      expect((await problemOf(response)).code).toBe("not_found");
      expect(ASSETS.asked).toHaveLength(0);
    },
  );

  test("the query goes along untouched", async () => {
    const users = new Upstream();
    await door({ USERS: users }).send("/users/search?q=a%26b+c&q=%C3%A4&empty=");
    expect(new URL(users.last.url).search).toBe("?q=a%26b+c&q=%C3%A4&empty=");
  });
});
