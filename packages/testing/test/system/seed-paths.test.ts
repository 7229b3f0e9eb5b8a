import { describe, expect, inject, test } from "vitest";
import { client } from "../../src/client.ts";
import { newCredentials, register } from "../../src/people.ts";
import { idTokenOf } from "../../src/system/identity-provider.ts";

/** Every address of auth, users and analytics that clients of the replaced backends call, as they spell it. */
const seedPaths: [method: string, path: string, status: number, body?: object][] = [
  ["POST", "/auth/login", 200],
  ["POST", "/api/auth/session", 200],
  ["GET", "/api/auth/me", 200],
  ["GET", "/user/profile", 200],
  ["GET", "/api/users/{user_id}", 200],
  ["PUT", "/api/users/profile", 200, { bio: "Stands on three legs." }],
  ["POST", "/api/users/{user_id}/follow", 200],
  ["GET", "/api/users/{user_id}/followers", 200],
  ["GET", "/api/users/search/{query}", 200],
  ["POST", "/api/v1/users/register", 201],
  ["POST", "/api/v1/users/login", 200],
  ["GET", "/api/v1/users/profile", 200],
  ["GET", "/api/v1/users/stats/count", 200],
  ["POST", "/api/v1/analytics/events", 202, { name: "page_view", properties: { path: "/" } }],
  ["GET", "/health", 200],
  ["GET", "/ready", 200],
  ["GET", "/metrics", 200],
  ["GET", "/health/services", 200],
  ["GET", "/health/db", 200],
  ["GET", "/docs", 200],
  ["GET", "/redoc", 200],
  ["GET", "/openapi.json", 200],
  ["GET", "/auth/health", 200],
  ["GET", "/users/health", 200],
  ["GET", "/analytics/health", 200],
  ["GET", "/users/docs", 200],
  ["GET", "/users/openapi.json", 200],
  ["GET", "/.well-known/jwks.json", 200],
  ["POST", "/api/auth/logout", 204],
];

/** What ends with a session that works. */
const waysIn = /\/(?:login|register|session)$/;

const identityProvider = inject("identityProvider");

describe.for(inject("systems"))("on $runtime", async ({ url }) => {
  const api = client(url);
  const ada = await register(api);
  const eve = await register(api);

  test.for(seedPaths)("%s %s answers %i", async ([method, path, status, given]) => {
    const filled = path.replace("{user_id}", eve.id).replace("{query}", eve.username);
    const body = given ?? (await bodyFor(path));
    const token = path === "/api/auth/logout" ? { token: (await register(api)).token } : { token: ada.token };
    const answer = await api.request(method, filled, { ...token, ...(body && { body }) });
    expect(answer.status, answer.text).toBe(status);
    if (!waysIn.test(path)) return;
    const { access_token: entered } = Object(answer.body);
    expect((await api.get("/api/auth/me", entered)).status).toBe(200);
  });

  async function bodyFor(path: string): Promise<object | undefined> {
    if (path.endsWith("/session")) {
      const email = newCredentials("house").email;
      return { provider: identityProvider.id, id_token: await idTokenOf(identityProvider, email) };
    }
    if (path.endsWith("/login")) return { email: ada.email, password: ada.password };
    return path.endsWith("/register") ? newCredentials("seed") : undefined;
  }
});
