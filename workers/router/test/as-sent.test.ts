import { describe, expect, test } from "vitest";
import { door, down, problemOf, Upstream } from "./fixture/door.ts";

/** As a service writes one: it knows its own path only. */
const refusing = () =>
  new Upstream((request) => {
    const { pathname } = new URL(request.url);
    const problem = {
      type: "/problems/not_found",
      title: "Not found",
      status: 404,
      detail: "None.",
      instance: pathname,
    };
    const body = JSON.stringify({ ...problem, code: "not_found", error: "Not found", request_id: "x" });
    const headers = { "content-type": "application/problem+json", "content-length": String(body.length), etag: '"x"' };
    return new Response(request.method === "HEAD" ? null : body, { status: 404, headers });
  });

const paths = [
  "/users/x",
  "/api/users/x",
  "/api/v1/users/x",
  "/user/x",
  "/api/v1/user/x",
  "/users/%78",
  "/users/login",
];

describe("an answer speaks of the path that was sent", () => {
  test.each(paths)("a service's refusal: %s", async (path) => {
    const front = door({ USERS: refusing(), AUTH: refusing() });
    const response = await front.send(`${path}?q=1`);
    expect(response.status).toBe(404);
    expect(response.headers.get("etag")).toBe('"x"');
    expect(response.headers.get("ratelimit-limit")).not.toBeNull();
    const length = response.headers.get("content-length");
    const text = await response.clone().text();
    expect(length === null || Number(length) === text.length).toBe(true);
    expect(await problemOf(response)).toMatchObject({ instance: path, code: "not_found", detail: "None." });
  });

  test.each(paths)("the router's own: %s", async (path) => {
    const front = door({ USERS: new Upstream(down), AUTH: new Upstream(down) });
    expect(await problemOf(await front.send(path))).toMatchObject({ instance: path, code: "unavailable" });
  });

  test("HEAD has no body", async () => {
    const response = await door({ USERS: refusing() }).send("/api/users/x", { method: "HEAD" });
    expect([response.status, await response.text()]).toEqual([404, ""]);
  });

  test.each([
    ["/users/x/followers", "/users/x/followers"],
    ["/api/v1/user/x/followers", "/api/v1/user/x/followers"],
  ])("the link to the next page: %s", async (path, shown) => {
    const users = new Upstream((request) => {
      const { pathname } = new URL(request.url);
      return Response.json({ items: [] }, { headers: { link: `<${pathname}?limit=2&cursor=abc>; rel="next"` } });
    });
    const response = await door({ USERS: users }).send(`${path}?limit=2`);
    expect(response.headers.get("link")).toBe(`<${shown}?limit=2&cursor=abc>; rel="next"`);
    expect(await response.json()).toEqual({ items: [] });
  });

  test.each(["", "{", "null", "[]"])("what is called a problem and is none passes as it is: %j", async (body) => {
    const headers = { "content-type": "application/problem+json" };
    const users = new Upstream(() => new Response(body, { status: 400, headers }));
    const response = await door({ USERS: users }).send("/api/users/x");
    expect([response.status, await response.text()]).toEqual([400, body]);
  });
});
