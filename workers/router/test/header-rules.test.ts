import { envFaults } from "@trivet/http";
import { describe, expect, test } from "vitest";
import { env } from "../src/env.ts";
import { authKey, type Door, door, newAuth, publicUrl, serviceSecret, Upstream } from "./fixture/door.ts";

const users = new Upstream();
const with_ = (...rules: object[]): Door => door({ USERS: users, HEADER_RULES: JSON.stringify(rules) });
const faultsOf = (HEADER_RULES: unknown): string[] =>
  envFaults(env, { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret, AUTH_KEY: authKey, HEADER_RULES });

describe("a header rule", () => {
  test("for requests sets, appends and removes what the service gets", async () => {
    const front = with_({
      on: "request",
      set: { "x-tenant": "acme", "X-Plan": "free" },
      append: { "accept-language": "en" },
      remove: ["x-debug"],
    });
    await front.send("/users/1", { headers: { "x-tenant": "evil", "x-debug": "1", "accept-language": "de" } });
    const { headers } = users.last;
    expect(["x-tenant", "x-plan", "accept-language", "x-debug"].map((name) => headers.get(name))).toEqual([
      "acme",
      "free",
      "de, en",
      null,
    ]);
  });

  test("for answers sets, appends and removes what the client gets, the policy of a page included", async () => {
    const front = with_({
      on: "response",
      set: { "x-robots-tag": "noindex", "content-security-policy": "default-src 'self'" },
      append: { vary: "x-tenant" },
      remove: ["x-powered-by"],
    });
    users.answer = () => Response.json({}, { headers: { "x-powered-by": "steam", vary: "Accept" } });
    const { headers } = await front.send("/users/1");
    expect(
      ["x-robots-tag", "content-security-policy", "vary", "x-powered-by"].map((name) => headers.get(name)),
    ).toEqual(["noindex", "default-src 'self'", "Accept, x-tenant", null]);
  });

  test("holds for its service, its path under all names, and its class of requests", async () => {
    const front = door({
      USERS: users,
      AUTH: users,
      HEADER_RULES: JSON.stringify([
        { on: "response", service: "auth", set: { "x-service": "auth" } },
        { on: "response", path: "/api/v1/user/stats/", set: { "x-path": "stats" } },
        { on: "response", class: "writes", set: { "x-class": "writes" } },
        { on: "response", class: "credentials", set: { "x-class": "credentials" } },
      ]),
    });
    const told = async (method: string, path: string) => {
      const { headers } = await front.send(path, { method });
      return ["x-service", "x-path", "x-class"].map((name) => headers.get(name));
    };
    expect(await told("GET", "/users/stats/count")).toEqual([null, "stats", null]);
    expect(await told("GET", "/api/users/statistics")).toEqual([null, null, null]);
    expect(await told("DELETE", "/auth/sessions")).toEqual(["auth", null, "writes"]);
    expect(await told("POST", "/auth/login")).toEqual(["auth", null, "credentials"]);
  });

  test("fills in who asks and by which id; where nobody is known the header is gone, the client's own included", async () => {
    const { upstream, token } = await newAuth();
    const set = { "x-who": "user:{user_id}", "x-trail": "{request_id} from {client_ip}" };
    const front = door({ USERS: users, AUTH: upstream, HEADER_RULES: JSON.stringify([{ on: "request", set }]) });
    const from = { "cf-connecting-ip": "203.0.113.7", "x-request-id": "r-1", "x-who": "user:evil" };
    const id = crypto.randomUUID();
    await front.send("/users/1", { headers: { ...from, authorization: `Bearer ${await token({ sub: id })}` } });
    expect([users.last.headers.get("x-who"), users.last.headers.get("x-trail")]).toEqual([
      `user:${id}`,
      "r-1 from 203.0.113.7",
    ]);
    await front.send("/users/1", { headers: from });
    expect(users.last.headers.get("x-who")).toBeNull();
  });

  test("that tells a service of one client keeps the answer from others; answers that are kept get their own", async () => {
    users.answer = () => Response.json({}, { headers: { "cache-control": "public, max-age=60" } });
    const personal = with_({ on: "request", set: { "x-ip": "{client_ip}" } });
    for (let index = 0; index < 2; index += 1) {
      const { headers } = await personal.send("/users/1", { headers: { "cf-connecting-ip": "203.0.113.7" } });
      expect(headers.get("cache-status")).toContain("an unusual request header");
    }
    const told = with_({ on: "response", set: { "x-id": "{request_id}" } });
    const ids = [await told.send("/users/1"), await told.send("/users/1")].map(({ headers }) => headers);
    expect(ids[1]?.get("cache-status")).toContain("hit");
    for (const headers of ids) expect(headers.get("x-id")).toBe(headers.get("x-request-id"));
  });

  test("may come as a table of wrangler.toml, too, and there may be none", () => {
    expect(faultsOf([{ on: "request", set: { "x-a": "b" } }])).toEqual([]);
    expect(faultsOf("")).toEqual([]);
    expect(faultsOf(undefined)).toEqual([]);
  });
});

describe("a header rule is refused at start", () => {
  test.each([
    "authorization",
    "Cookie",
    "x-api-key",
    "x-service-token",
    "X-Client-IP",
    "x-forwarded-for",
    "cf-connecting-ip",
    "host",
    "connection",
    "transfer-encoding",
    "content-length",
    "x-request-id",
    "traceparent",
  ])("that touches %s of requests", (name) => {
    for (const what of [{ set: { [name]: "x" } }, { append: { [name]: "x" } }, { remove: [name] }]) {
      expect(faultsOf(JSON.stringify([{ on: "request", ...what }]))).toEqual([
        expect.stringMatching(/^HEADER_RULES\.0\.(?:set|append|remove)\.\S+ is a header that rules may not touch/),
      ]);
    }
  });

  test.each([
    "set-cookie",
    "content-length",
    "Content-Encoding",
    "content-type",
    "transfer-encoding",
    "x-request-id",
    "access-control-allow-origin",
    "x-frame-options",
    "etag",
    "keep-alive",
  ])("that touches %s of answers", (name) => {
    expect(faultsOf(JSON.stringify([{ on: "response", set: { [name]: "x" } }]))).toHaveLength(1);
  });

  test.each(["a\r\nset-cookie: b=c", "a\nb", "\u0000", "ü", "", " a", "{secret}", "{}"])(
    "with the value %j",
    (value) => {
      expect(faultsOf(JSON.stringify([{ on: "response", set: { "x-a": value } }]))).toHaveLength(1);
    },
  );

  test("with one sentence for each fault", () => {
    const rules = [
      { on: "both" },
      { on: "request" },
      { on: "response", set: { "x a": "b" }, pth: "/x", path: "users" },
    ];
    expect(faultsOf(JSON.stringify(rules))).toEqual([
      'HEADER_RULES.0.on must be "request" or "response"',
      "HEADER_RULES.1 must set, append or remove something",
      "HEADER_RULES.2.path must begin with /",
      "HEADER_RULES.2.pth is not a known field",
      "HEADER_RULES.2.set.x a is no name of a header",
    ]);
    expect(faultsOf("{")).toEqual(["HEADER_RULES must be a JSON list of rules"]);
    expect(faultsOf('{"on":"request"}')).toEqual(["HEADER_RULES must be a JSON list of rules"]);
  });
});
