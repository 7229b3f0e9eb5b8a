import { randomUUID } from "node:crypto";
import { mintServiceToken } from "@trivet/platform";
import { describe, expect, inject, test } from "vitest";
import { client, type RequestOptions } from "../../src/client.ts";
import { forgeTokens, wellMadeToken } from "../../src/forge-tokens.ts";
import { problemFaults } from "../../src/openapi/check-answer.ts";
import { type Operation, operationsOf, parseDocument } from "../../src/openapi/operations.ts";
import { type Person, register, withRole } from "../../src/people.ts";

const system = inject("systems").find(({ runtime }) => runtime === "node");
if (!system) throw new Error("The system does not run on Node.");
const { adminUrl } = system;
const api = client(system.url);
const operations = operationsOf(parseDocument((await api.get("/openapi.json")).text));

const ada = await register(api);
const eve = await register(api);
const forgeries = await forgeTokens(system, ada.token);
const serviceTokens = await Promise.all(
  ["auth", "users", "router", "trivet"].map(async (callee) => ({
    callee,
    token: await mintServiceToken(callee === "users" ? "auth" : "users", callee, system.secrets.SERVICE_JWT_SECRET),
  })),
);

const readsToken = operations.filter(({ access }) => access !== "anyone");
const needsUser = operations.filter(({ access }) => access === "user" || access === "role");
const needsRole = operations.filter(({ access }) => access === "role");

/** Sends a body that would pass no validation, and ids of nobody, so that only access decides. */
const call = (operation: Operation, options: RequestOptions) => {
  const path = operation.path.replaceAll(/\{\w+\}/g, () => randomUUID());
  return api.request(operation.method, path, { ...options, ...(operation.body && { body: {} }) });
};

/** One of each role: `call` changes nothing, so they stay what they are. */
const people = new Map<string, Promise<Person>>();
function asRole(role: string): Promise<Person> {
  const known = people.get(role) ?? withRole(api, adminUrl, role);
  people.set(role, known);
  return known;
}

describe("the merged document", () => {
  test("lists the operations of auth and users and none that is internal", () => {
    const paths = operations.map(({ path }) => path);
    expect(paths.filter((path) => path.startsWith("/auth/")).length).toBeGreaterThan(10);
    expect(paths.filter((path) => path.startsWith("/users/")).length).toBeGreaterThan(10);
    expect(paths.filter((path) => path.includes("/internal"))).toEqual([]);
  });

  test("has operations of every access that is tried below", () => {
    expect(needsUser.length).toBeGreaterThan(40);
    expect(readsToken.length).toBeGreaterThan(needsUser.length);
    expect(needsRole.length).toBeGreaterThan(10);
  });
});

describe("without a token", () => {
  test.for(needsUser)("$name answers 401", async (operation) => {
    const answer = await call(operation, {});
    expect(answer.status, answer.text).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(problemFaults(answer)).toEqual([]);
  });

  test.for(needsUser)("$name answers 401 to a user id in headers that only insiders may send", async (operation) => {
    const headers = { "x-user-id": ada.id, "x-user-role": "admin", "x-actor": ada.id, "x-forwarded-user": ada.id };
    expect((await call(operation, { headers })).status).toBe(401);
  });

  test.for(needsUser)("$name answers 401 to another scheme", async (operation) => {
    for (const authorization of [
      "Basic YWRhOmFkYQ==",
      `Token ${ada.token}`,
      ada.token,
      "Bearer",
      `Bearer ${ada.token} x`,
    ]) {
      expect((await call(operation, { headers: { authorization } })).status, authorization.slice(0, 12)).toBe(401);
    }
  });
});

describe("with a forged token", () => {
  test("the control: a token made the same way and wrong in nothing is accepted", async () => {
    const token = await wellMadeToken(system, ada.token);
    expect((await api.get("/users/profile", token)).status).toBe(200);
  });

  test.for(readsToken)("$name answers 401 to every one", async (operation) => {
    const answers = await Promise.all(forgeries.map(({ token }) => call(operation, { token })));
    const accepted = answers.flatMap(({ status, text }, index) =>
      status === 401 ? [] : [`${forgeries[index]?.name}: ${status} ${text.slice(0, 200)}`],
    );
    expect(accepted).toEqual([]);
    expect(answers.flatMap(problemFaults)).toEqual([]);
  });
});

describe("with a service token where a user's is due", () => {
  test.for(needsUser)(
    "$name answers 401, in whatever header it comes; at the router itself, where services may call, 403 to tokens for others",
    async (operation) => {
      for (const { callee, token } of serviceTokens) {
        const headers = { "x-service-token": token };
        expect((await call(operation, { token })).status).toBe(401);
        // Of the router's own routes a token made out to it is good, and the body is what is refused; what leads to a
        // service loses it on the way.
        const served = callee === "router" ? 400 : 403;
        const isTaken = operation.services && operation.path === "/cache/purge";
        expect((await call(operation, { headers })).status).toBe(isTaken ? served : 401);
      }
    },
  );
});

describe("an internal route", () => {
  const paths = ["/users/internal/batch?ids=", "/auth/internal/accounts/", "/users/internal/events", "/auth/internal/"];
  const detours = [
    (path: string) => path,
    (path: string) => `/api/v1${path}`,
    (path: string) => path.replace("/internal", "/%69nternal"),
    (path: string) => path.replace("/internal", "//internal"),
    (path: string) => path.replace("/internal", "/./internal"),
    (path: string) => path.replace("/internal", "/x/../internal"),
    (path: string) => path.replace("/internal", "/INTERNAL"),
    (path: string) => path.replace("/internal", "%2finternal"),
    (path: string) => path.replace("/users", "/user"),
  ];

  test.for(paths)("%s is not reachable from outside, whoever asks and however it is spelled", async (path) => {
    for (const detour of detours) {
      for (const { token } of serviceTokens) {
        const answer = await api.request("GET", detour(path) + ada.id, {
          headers: { "x-service-token": token },
          token: ada.token,
        });
        expect([400, 404], `${detour(path)} ${answer.text.slice(0, 100)}`).toContain(answer.status);
      }
    }
  });
});

describe("a role that is not enough", () => {
  test.for(needsRole)("$name answers 403 to every other role", async (operation) => {
    for (const role of ["user", "moderator", "admin"].filter((name) => !operation.roles.includes(name))) {
      const answer = await call(operation, { token: (await asRole(role)).token });
      expect(answer.status, `${role}: ${answer.text}`).toBe(403);
    }
  });

  test.for(needsRole)("$name lets its own roles past the door", async (operation) => {
    for (const role of operation.roles) {
      const answer = await call(operation, { token: (await asRole(role)).token });
      expect([401, 403], `${role}: ${answer.text}`).not.toContain(answer.status);
    }
  });
});

describe("somebody else's", () => {
  test("sessions can neither be seen nor ended", async () => {
    const { body } = await api.get("/auth/sessions", ada.token);
    const ids = JSON.stringify(body).match(/[\da-f]{8}-[\da-f-]{27}/g) ?? [];
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) {
      expect((await api.delete(`/auth/sessions/${id}`, eve.token)).status).toBe(404);
    }
    expect((await api.get("/auth/me", ada.token)).status).toBe(200);
    expect((await api.get("/auth/sessions", eve.token)).text).not.toContain(ids[0]);
  });

  test("email address is not told", async () => {
    const seen = await Promise.all([
      api.get(`/users/${ada.id}`, eve.token),
      api.get(`/users/by-username/${ada.username}`, eve.token),
      api.get(`/users/search/${ada.username}`, eve.token),
    ]);
    for (const { status, text } of seen) {
      expect(status).toBe(200);
      expect(text).not.toContain(ada.email);
    }
  });

  test("follow requests can neither be accepted nor rejected", async () => {
    const grace = await register(api);
    const profile = await api.put("/users/profile", { isPrivate: true }, ada.token);
    expect(profile.status, profile.text).toBe(200);
    expect((await api.post(`/users/${ada.id}/follow`, undefined, grace.token)).status).toBeLessThan(300);
    const paths = operations.filter(({ path }) => path.includes("follow-requests/{"));
    expect(paths.length).toBeGreaterThan(0);
    for (const { method, path } of paths) {
      await api.request(method, path.replaceAll(/\{\w+\}/g, grace.id), { token: eve.token });
    }
    expect((await api.get(`/users/${ada.id}`, ada.token)).body).toMatchObject({ followerCount: 0 });
    expect((await api.get("/users/follow-requests", ada.token)).text).toContain(grace.id);
  });
});
