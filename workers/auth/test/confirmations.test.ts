import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Authenticator } from "./system/authenticator.ts";
import { login, type Person, register, registerAs } from "./system/people.ts";
import { settings } from "./system/settings.ts";
import { type Answer, type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
beforeAll(async () => {
  auth = await startAuth({
    OAUTH_PROVIDERS: JSON.stringify([
      { id: "house", authorizationEndpoint: url, tokenEndpoint: url, userInfoEndpoint: url, clientId: "trivet" },
    ]),
  });
});
afterAll(() => auth.stop());

const url = "http://house.test/";
const confirm = (token: string, proof: object) => auth.post("/auth/confirm", proof, { token });

async function addIdentity({ id }: Person): Promise<string> {
  const identity = newId();
  await auth.sql`
    INSERT INTO auth.identities (id, user_id, provider_id, account_id) VALUES (${identity}, ${id}, 'house', ${id})`;
  return identity;
}

async function addPasskey({ id }: Person): Promise<string> {
  const passkey = newId();
  await auth.sql`
    INSERT INTO auth.passkeys (id, user_id, name, credential_id, public_key, counter, transports)
    VALUES (${passkey}, ${id}, 'x', ${passkey}, 'x', 0, '{}')`;
  return passkey;
}

const guard = ({ id }: Person) => auth.sql`UPDATE auth.users SET two_factor_enabled = true WHERE id = ${id}`;

/** What changes the ways into an account: what has to be there before, what is sent, and what a success answers. */
const acts: [name: string, act: (person: Person) => Promise<(token: string) => Promise<Answer>>, done: number][] = [
  ["POST /auth/api-keys", async () => (token) => auth.post("/auth/api-keys", { name: "x" }, { token }), 201],
  ["beginning a passkey", async () => (token) => auth.post("/auth/passkeys/register/options", {}, { token }), 200],
  [
    "deleting a passkey",
    async (person) => {
      const id = await addPasskey(person);
      return (token) => auth.request("DELETE", `/auth/passkeys/${id}`, { token });
    },
    204,
  ],
  ["linking a login", async () => (token) => auth.post("/auth/oauth/house/link", {}, { token }), 200],
  [
    "unlinking a login",
    async (person) => {
      const id = await addIdentity(person);
      return (token) => auth.request("DELETE", `/auth/identities/${id}`, { token });
    },
    204,
  ],
  ["beginning a second factor", async () => (token) => auth.post("/auth/2fa/enable", {}, { token }), 200],
  [
    "ending the second factor",
    async (person) => {
      await guard(person);
      return (token) => auth.post("/auth/2fa/disable", {}, { token });
    },
    204,
  ],
  [
    "new recovery codes",
    async (person) => {
      await auth.post("/auth/2fa/enable", { password: person.password }, person);
      await guard(person);
      return (token) => auth.post("/auth/2fa/recovery-codes", {}, { token });
    },
    200,
  ],
];

const required = { status: 401, body: { code: "confirmation_required" } };

describe("what changes the ways into an account", () => {
  test.for(acts)("%s: 401 by a session alone, done once the session is confirmed", async ([, prepare, done]) => {
    const person = await register(auth);
    const other = await login(auth, person);
    const act = await prepare(person);
    const refused = await act(person.token);
    expect(refused).toMatchObject(required);
    expect(refused.headers.get("www-authenticate")).toContain('error="insufficient_user_authentication"');
    expect((await confirm(person.token, { password: person.password })).status).toBe(204);
    expect(await act(other.token)).toMatchObject(required);
    expect((await act(person.token)).status).toBe(done);
  });

  test.for(acts)("%s: 401 when the confirmation is more than five minutes old", async ([, prepare]) => {
    const person = await register(auth);
    const act = await prepare(person);
    await confirm(person.token, { password: person.password });
    await auth.sql`
      UPDATE auth.sessions SET confirmed_at = now() - interval '5 minutes 1 second' WHERE id = ${person.sessionId}`;
    expect(await act(person.token)).toMatchObject(required);
  });

  test.for(acts)(
    "%s: an account with nothing to show needs a login of the last ten minutes",
    async ([name, prepare, done]) => {
      const person = await register(auth);
      const act = await prepare(person);
      // A second way in, so that one may go.
      await addPasskey(person);
      await auth.sql`UPDATE auth.identities SET password = NULL WHERE user_id = ${person.id}`;
      const nothingToShow = !["ending the second factor", "new recovery codes"].includes(name);
      await auth.sql`UPDATE auth.sessions SET created_at = now() - interval '10 minutes 1 second' WHERE id = ${person.sessionId}`;
      expect(await act(person.token)).toMatchObject(required);
      await auth.sql`UPDATE auth.sessions SET created_at = now() - interval '9 minutes' WHERE id = ${person.sessionId}`;
      expect((await act(person.token)).status).toBe(nothingToShow ? done : 401);
    },
  );

  test.for(acts)("%s: 403 for an administrator who acts as the user, 401 for an API key", async ([, prepare]) => {
    const person = await register(auth);
    const act = await prepare(person);
    const admin = await registerAs(auth, "admin");
    const { body } = await auth.post(`/auth/admin/users/${person.id}/impersonate`, undefined, { token: admin.token });
    const { access_token: borrowed } = z.object({ access_token: z.string() }).parse(body);
    expect((await act(borrowed)).status).toBe(403);
    expect((await confirm(borrowed, { password: person.password })).status).toBe(403);
    const made = await auth.post("/auth/api-keys", { name: "x", password: person.password }, { token: person.token });
    const { key } = z.object({ key: z.string() }).parse(made.body);
    const exchanged = await auth.asService("router", "POST", "/auth/internal/api-keys/exchange", { key });
    const { access_token: program } = z.object({ access_token: z.string() }).parse(exchanged.body);
    expect((await act(program)).status).toBe(401);
    expect((await confirm(program, { password: person.password })).status).toBe(401);
  });

  test("401 comes before anybody hears whether there is such a passkey or login", async () => {
    const { token } = await register(auth);
    for (const path of ["passkeys", "identities"]) {
      expect(await auth.request("DELETE", `/auth/${path}/${newId()}`, { token })).toMatchObject(required);
    }
  });
});

describe("POST /auth/confirm", () => {
  test("401 for a wrong password, 429 after five of them, and nothing is confirmed", async () => {
    const { token, password } = await register(auth);
    for (let count = 0; count < 5; count += 1) {
      expect(await confirm(token, { password: "wrong password" })).toMatchObject({
        status: 401,
        body: { code: "invalid_credentials" },
      });
    }
    expect((await confirm(token, { password })).status).toBe(429);
    expect(await auth.post("/auth/api-keys", { name: "x" }, { token })).toMatchObject(required);
  });

  test("400 for nothing, and for two proofs at once", async () => {
    const { token, password } = await register(auth);
    for (const body of [{}, { password, code: "123456" }]) {
      expect(await confirm(token, body)).toMatchObject({ status: 400, body: { errors: [{ pointer: "/password" }] } });
    }
  });

  test("401 for a code where there is no second factor, and for a password where there is none", async () => {
    const { id, token, password } = await register(auth);
    expect((await confirm(token, { code: "123456" })).status).toBe(401);
    await auth.sql`UPDATE auth.identities SET password = NULL WHERE user_id = ${id}`;
    expect((await confirm(token, { password })).status).toBe(401);
  });

  test("204 by one's own passkey; 401 by somebody else's, and for a challenge used before", async () => {
    const [ada, eve] = [await register(auth), await register(auth)];
    const options = await auth.post(
      "/auth/passkeys/register/options",
      { password: ada.password },
      { token: ada.token },
    );
    const authenticator = new Authenticator(settings.PUBLIC_URL);
    const response = authenticator.create(Object(options.body));
    expect((await auth.post("/auth/passkeys/register", { response }, { token: ada.token })).status).toBe(201);
    const show = async () => ({
      passkey: authenticator.get(Object((await auth.post("/auth/passkeys/login/options")).body)),
    });
    expect((await confirm(eve.token, await show())).status).toBe(401);
    const proof = await show();
    expect((await confirm(ada.token, proof)).status).toBe(204);
    expect((await confirm(ada.token, proof)).status).toBe(401);
    expect((await auth.post("/auth/api-keys", { name: "x" }, { token: ada.token })).status).toBe(201);
    expect(await auth.post("/auth/api-keys", { name: "x" }, { token: eve.token })).toMatchObject(required);
  });
});
