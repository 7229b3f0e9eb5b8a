import { envFaults } from "@trivet/http";
import { describe, expect, test } from "vitest";
import { env } from "../src/env.ts";
import { authKey, door, down, publicUrl, serviceSecret, Upstream } from "./fixture/door.ts";

const allowed = "https://app.test";
const guarded = () => door({ USERS: new Upstream(), CORS_ORIGINS: `${allowed}, https://admin.test` });
const preflight = (origin: string): RequestInit => ({
  method: "OPTIONS",
  headers: { origin, "access-control-request-method": "PUT", "access-control-request-headers": "authorization" },
});

describe("CORS", () => {
  test.each([allowed, "https://admin.test"])("a preflight of %s is answered here, with credentials", async (origin) => {
    const users = new Upstream();
    const response = await door({ USERS: users, CORS_ORIGINS: `${allowed},https://admin.test` }).send(
      "/users/1",
      preflight(origin),
    );
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-credentials": "true",
      "access-control-max-age": "7200",
      vary: "Origin",
    });
    expect(response.headers.get("access-control-allow-methods")?.split(", ")).toEqual(
      expect.arrayContaining(["GET", "PUT", "PATCH", "DELETE"]),
    );
    expect(response.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(users.asked).toHaveLength(0);
  });

  test.each([
    "https://evil.test",
    "http://app.test",
    "https://app.test:8443",
    "https://app.test.evil.test",
    "https://evil.test/https://app.test",
    "HTTPS://APP.TEST",
    "null",
    "*",
    "",
  ])("a preflight of another origin lets nothing through: %s", async (origin) => {
    const response = await guarded().send("/users/1", preflight(origin));
    expect(response.headers.has("access-control-allow-origin")).toBe(false);
    expect(response.headers.has("access-control-allow-credentials")).toBe(false);
    expect(response.headers.get("vary")).toBe("Origin");
  });

  test("an answer to an allowed origin can be read, refusals too", async () => {
    for (const path of ["/users/1", "/nothing", "/health"]) {
      const { headers } = await guarded().send(path, { headers: { origin: allowed } });
      expect(headers.get("access-control-allow-origin"), path).toBe(allowed);
      expect(headers.get("access-control-allow-credentials")).toBe("true");
      expect(headers.get("access-control-expose-headers")).toContain("x-request-id");
      expect(headers.get("vary")).toContain("Origin");
    }
  });

  test("an answer to another origin, or to none, cannot", async () => {
    for (const headers of [{ origin: "https://evil.test" }, {}]) {
      const response = await guarded().send("/users/1", { headers });
      expect(response.status).toBe(200);
      expect(response.headers.has("access-control-allow-origin")).toBe(false);
      expect(response.headers.get("vary")).toBe("Origin");
    }
  });

  test("what a service says of Vary is kept", async () => {
    const users = new Upstream(() => new Response(null, { headers: { vary: "accept-encoding" } }));
    const { headers } = await door({ USERS: users, CORS_ORIGINS: allowed }).send("/users/1", {
      headers: { origin: allowed },
    });
    expect(headers.get("vary")).toBe("accept-encoding, Origin");
  });

  test("nobody is let in unless somebody is listed", async () => {
    const { headers } = await door({ USERS: new Upstream() }).send("/users/1", { headers: { origin: allowed } });
    expect(headers.has("access-control-allow-origin")).toBe(false);
  });

  test("an OPTIONS that is no preflight is the service's to answer", async () => {
    const users = new Upstream(() => new Response(null, { status: 204, headers: { allow: "GET" } }));
    const response = await door({ USERS: users }).send("/users/1", { method: "OPTIONS" });
    expect(response.headers.get("allow")).toBe("GET");
    expect(users.asked).toHaveLength(1);
  });

  test("everybody is for development: production refuses to start", () => {
    const bindings = { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret, AUTH_KEY: authKey, CORS_ORIGINS: "*" };
    expect(envFaults(env, bindings)).toEqual([]);
    expect(envFaults(env, { ...bindings, TRIVET_ENV: "production" })).toEqual([
      expect.stringMatching(/^CORS_ORIGINS /),
    ]);
  });

  test.each(["app.test", "https://app.test/", "https://app.test/page", "https://app.test, null"])(
    "%j, which no browser would send as an origin, is refused at start",
    (origins) => {
      const bindings = {
        PUBLIC_URL: publicUrl,
        SERVICE_JWT_SECRET: serviceSecret,
        AUTH_KEY: authKey,
        CORS_ORIGINS: origins,
      };
      expect(envFaults(env, bindings)).toEqual([expect.stringMatching(/^CORS_ORIGINS must list origins/)]);
    },
  );
});

describe("security headers", () => {
  const front = () => door({ USERS: new Upstream(), AUTH: new Upstream(down) });

  test.each([
    "/users/1",
    "/auth/me",
    "/nothing",
    "/health",
    "/",
    "/docs",
    "/redoc",
    "/problems/not_found",
    "/openapi.json",
    "/metrics",
    "/%00",
  ])("are on every answer: %s", async (path) => {
    const { headers } = await front().send(path);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.has("server")).toBe(false);
    expect(headers.has("x-powered-by")).toBe(false);
  });

  test("a service's page keeps its own policy", async () => {
    const policy = "default-src 'none'; img-src 'self'; frame-ancestors 'none'";
    const users = new Upstream(() => new Response("<p>", { headers: { "content-security-policy": policy } }));
    const { headers } = await door({ USERS: users }).send("/users/docs");
    expect(headers.get("content-security-policy")).toBe(policy);
  });

  test("HTTPS is asked for where the public comes by HTTPS, and only there", async () => {
    const PUBLIC_URL = "https://trivet.test";
    const { headers } = await door({ USERS: new Upstream(), PUBLIC_URL }).send("/users/1");
    expect(headers.get("strict-transport-security")).toBe("max-age=63072000; includeSubDomains");
    expect((await front().send("/users/1")).headers.has("strict-transport-security")).toBe(false);
  });
});
