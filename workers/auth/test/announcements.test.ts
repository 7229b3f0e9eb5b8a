import { base32 } from "@better-auth/utils/base32";
import { createOTP } from "@better-auth/utils/otp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { announcedOf, login, type Person, register, registerAs, tokenMailed } from "./system/people.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
let admin: Person;
beforeAll(async () => {
  auth = await startAuth();
  admin = await registerAs(auth, "admin");
});
afterAll(() => auth.stop());

type Ends = "this" | "other" | "both" | "none";

/** What somebody with two sessions does in the first, and which of them it ends. */
const acts: [name: string, act: (person: Person, other: Person) => Promise<unknown>, ends: Ends][] = [
  ["logging out", ({ token }) => auth.post("/auth/logout", undefined, { token }), "this"],
  ["ending one session", ({ token }, other) => end(token, `/${other.sessionId}`), "other"],
  ["ending the other sessions", ({ token }) => end(token, "?keep=current"), "other"],
  ["ending all sessions", ({ token }) => end(token, ""), "both"],
  ["ending somebody else's session", (_, other) => end(admin.token, `/${other.sessionId}`), "none"],
  ["a new password by change", change, "other"],
  ["a new password by reset", reset, "both"],
  ["a second factor that comes into force", enrol, "other"],
  ["an administrator who ends the sessions", ({ id }) => asAdmin(`/${id}/sessions`, undefined, "DELETE"), "both"],
  ["a ban", ({ id }) => asAdmin(`/${id}/ban`, { reason: "spam" }), "both"],
  ["a refresh token that is used again", reuse, "this"],
  ["a refusal", ({ token }) => auth.post("/auth/password/change", {}, { token }), "none"],
];

const end = (token: string, which: string) => auth.request("DELETE", `/auth/sessions${which}`, { token });
const asAdmin = (path: string, body?: object, method = "POST") =>
  auth.request(method, `/auth/admin/users${path}`, { token: admin.token, body });

function change({ token, password }: Person) {
  const body = { currentPassword: password, newPassword: "another quiet lake" };
  return auth.post("/auth/password/change", body, { token });
}

async function reset({ email }: Person) {
  await auth.post("/auth/password/forgot", { email });
  const token = await tokenMailed(auth, email, /new password/);
  return await auth.post("/auth/password/reset", { token, password: "another quiet lake" });
}

async function enrol({ token, password }: Person) {
  const { secret } = Object((await auth.post("/auth/2fa/enable", { password }, { token })).body);
  const totp = createOTP(new TextDecoder().decode(base32.decode(secret)));
  const code = await totp.hotp(Math.floor(Date.now() / 30_000));
  return await auth.post("/auth/2fa/verify", { code }, { token });
}

async function reuse({ refreshToken, sessionId }: Person) {
  await auth.post("/auth/refresh", { refresh_token: refreshToken });
  await auth.sql`
    UPDATE auth.refresh_tokens SET rotated_at = rotated_at - interval '1 minute' WHERE session_id = ${sessionId}`;
  return await auth.post("/auth/refresh", { refresh_token: refreshToken });
}

describe("session.revoked", () => {
  test.for(acts)("%s announces each session it ends, by ids alone, and no other", async ([, act, ends]) => {
    const person = await register(auth);
    const other = await login(auth, person);
    await act(person, other);
    await auth.settled();
    const revoked = (await announcedOf(auth, person.id)).filter(({ event }) => event === "session.revoked");
    const ended = { this: [person], other: [other], both: [person, other], none: [] }[ends];
    expect(revoked).toEqual(
      expect.arrayContaining(
        ended.map(({ sessionId }) => ({
          event: "session.revoked",
          subject: person.id,
          data: { userId: person.id, sessionId },
        })),
      ),
    );
    expect(revoked.length).toBe(ended.length);
    expect(await auth.sql`SELECT event FROM auth.outbox WHERE subject = ${person.id}`).toEqual([]);
  });

  test("an administrator who is demoted loses the sessions in others' names, and that is announced of those", async () => {
    const [second, person] = [await registerAs(auth, "admin"), await register(auth)];
    await auth.post(`/auth/admin/users/${person.id}/impersonate`, undefined, { token: second.token });
    await auth.request("PUT", `/auth/admin/users/${second.id}/role`, { token: admin.token, body: { role: "user" } });
    const revoked = (await announcedOf(auth, person.id)).filter(({ event }) => event === "session.revoked");
    expect(revoked).toMatchObject([{ data: { userId: person.id } }]);
  });

  test("a session that ends with its account is not announced apart", async () => {
    const person = await register(auth);
    await auth.request("DELETE", `/auth/admin/users/${person.id}`, { token: admin.token });
    expect((await announcedOf(auth, person.id)).map(({ event }) => event)).toEqual(["user.created", "user.deleted"]);
  });
});
