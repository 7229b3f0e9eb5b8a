import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Browser } from "./system/browser.ts";
import { claimsOf, confirmEmail, login, type Person, register, tokensIn } from "./system/people.ts";
import { settings } from "./system/settings.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";
import { type Member, startProvider, type TestProvider } from "./system/start-provider.ts";

const returnTo = "http://app.test/after/";
const callback = `${settings.PUBLIC_URL}/auth/oauth/house/callback`;
let idp: TestProvider;
let auth: AuthSystem;
beforeAll(async () => {
  idp = await startProvider();
  const { issuer, clientId, clientSecret } = idp;
  auth = await startAuth({
    OAUTH_PROVIDERS: JSON.stringify([{ id: "house", issuer, clientId, clientSecret }]),
    OAUTH_RETURN_URLS: returnTo,
  });
});
afterAll(async () => {
  await auth.stop();
  await idp.stop();
});

let members = 0;
function newMember(): Member {
  members += 1;
  return { sub: `member-${members}`, email: `member${members}@example.com`, email_verified: true };
}

/** Asks to link; a browser that holds the cookie then goes to the provider. */
async function begin({ token, password }: Person, more: object = {}) {
  const answer = await auth.post("/auth/oauth/house/link", { password, ...more }, { token });
  expect(answer.status, answer.text).toBe(200);
  const [name = "", value = ""] = answer.headers.get("set-cookie")?.split(";")[0]?.split("=") ?? [];
  const browser = new Browser(auth);
  browser.setCookie(settings.PUBLIC_URL, name, value);
  return { browser, location: z.object({ location: z.string() }).parse(answer.body).location };
}

async function link(person: Person, member: Member, more: object = {}) {
  const { browser, location } = await begin(person, more);
  idp.member = member;
  return await browser.go(location, (url) => url.startsWith(returnTo));
}

async function enter(member: Member) {
  idp.member = member;
  return (await new Browser(auth).go(`${settings.PUBLIC_URL}/auth/oauth/house`)).answer;
}

const listOf = async (token: string) =>
  z
    .object({ items: z.array(z.strictObject({ id: z.uuid(), provider: z.string(), createdAt: z.iso.datetime() })) })
    .parse((await auth.get("/auth/identities", token)).body).items;
/** As somebody who has just shown once more who they are. */
async function confirmed(): Promise<Person> {
  const person = await register(auth);
  expect((await auth.post("/auth/confirm", { password: person.password }, { token: person.token })).status).toBe(204);
  return person;
}
const unlink = (token: string, id: string) => auth.request("DELETE", `/auth/identities/${id}`, { token });

describe("POST /auth/oauth/{provider}/link", () => {
  test("links a login at the provider, whatever its address, which opens this account from then on", async () => {
    const person = await register(auth);
    const member = newMember();
    const { answer } = await link(person, member);
    expect(answer).toMatchObject({ status: 200, body: { provider: "house" } });
    expect(await listOf(person.token)).toEqual([answer.body]);
    expect(claimsOf(tokensIn(await enter(member)).token).sub).toBe(person.id);
    expect((await link(person, member)).answer).toMatchObject({ status: 200, body: answer.body });
  });

  test("leads back to where it was asked to, without a code", async () => {
    const { url } = await link(await register(auth), newMember(), { return_to: `${returnTo}page` });
    expect(url).toBe(`${returnTo}page?linked=house`);
  });

  test("a session alone is not enough, nor is a wrong password", async () => {
    const { token } = await register(auth);
    const ask = (body: object) => auth.post("/auth/oauth/house/link", body, { token });
    expect(await ask({})).toMatchObject({ status: 401, body: { code: "confirmation_required" } });
    expect(await ask({ password: "wrong password" })).toMatchObject({
      status: 401,
      body: { code: "invalid_credentials" },
    });
  });

  test("404 for no such provider, 400 for an address to return to that is not listed", async () => {
    const { token, password } = await register(auth);
    expect((await auth.post("/auth/oauth/nowhere/link", { password }, { token })).status).toBe(404);
    const body = { password, return_to: "http://evil.test/" };
    expect((await auth.post("/auth/oauth/house/link", body, { token })).status).toBe(400);
  });

  test("409 for a login that belongs to another account, and both stay as they were", async () => {
    const [ada, eve] = [await register(auth), await register(auth)];
    const member = newMember();
    await link(ada, member);
    expect((await link(eve, member)).answer).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect(claimsOf(tokensIn(await enter(member)).token).sub).toBe(ada.id);
    expect(await listOf(eve.token)).toEqual([]);
  });

  test("of two accounts that link the same login at the same moment, one has it", async () => {
    const people = [await register(auth), await register(auth)];
    const begun = await Promise.all(people.map((person) => begin(person)));
    idp.member = newMember();
    const answers = await Promise.all(begun.map(({ browser, location }) => browser.go(location)));
    expect(answers.map(({ answer }) => answer.status).toSorted()).toEqual([200, 409]);
  });

  test("another browser links nothing: an attacker cannot have a victim's login linked to their account", async () => {
    const attacker = await register(auth);
    const { location } = await begin(attacker);
    idp.member = newMember();
    const { answer } = await new Browser(auth).go(location);
    expect(answer).toMatchObject({ status: 400, body: { code: "malformed_request" } });
    expect(await listOf(attacker.token)).toEqual([]);
  });

  test("a session that has ended meanwhile links nothing", async () => {
    const person = await register(auth);
    const { browser, location } = await begin(person);
    const { url } = await browser.go(location, (at) => {
      idp.member = newMember();
      return at.startsWith(callback);
    });
    const other = await login(auth, person);
    await auth.post("/auth/logout", undefined, { token: person.token });
    expect((await browser.go(url)).answer.status).toBe(401);
    expect(await listOf(other.token)).toEqual([]);
  });
});

describe("DELETE /auth/identities/{id}", () => {
  test("204 for one's own, which opens the account no more; 404 for anybody else's, and for none", async () => {
    const [ada, eve] = [await confirmed(), await confirmed()];
    const member = newMember();
    await link(ada, member);
    const [identity] = await listOf(ada.token);
    const id = identity?.id ?? "";
    expect((await unlink(eve.token, id)).status).toBe(404);
    expect((await unlink(ada.token, id)).status).toBe(204);
    expect((await unlink(ada.token, id)).status).toBe(404);
    expect((await unlink(ada.token, newId())).status).toBe(404);
    expect(claimsOf(tokensIn(await enter(member)).token).sub).not.toBe(ada.id);
  });

  test("the password is no identity to unlink", async () => {
    const { id, token } = await confirmed();
    const [row] = await auth.sql`SELECT id FROM auth.identities WHERE user_id = ${id}`;
    expect((await unlink(token, String(row?.id))).status).toBe(404);
  });

  test("409 for the last way in; of two that are left, two requests at once leave one", async () => {
    const first = newMember();
    const { token } = tokensIn(await enter(first));
    const { sub } = claimsOf(token);
    const [only] = await listOf(token);
    expect(await unlink(token, only?.id ?? "")).toMatchObject({ status: 409, body: { code: "conflict" } });
    // One at a provider that is not configured opens nothing.
    await auth.sql`
      INSERT INTO auth.identities (id, user_id, provider_id, account_id)
      VALUES (${newId()}, ${sub}, 'gone', ${sub}), (${newId()}, ${sub}, 'house', ${`second-${sub}`})`;
    const usable = (await listOf(token)).filter(({ provider }) => provider === "house");
    const answers = await Promise.all(usable.map(({ id }) => unlink(token, id)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409]);
  });

  test("a passkey is a way in, and the last one cannot be forgotten either", async () => {
    const { token } = tokensIn(await enter(newMember()));
    const { sub } = claimsOf(token);
    const passkey = newId();
    await auth.sql`
      INSERT INTO auth.passkeys (id, user_id, name, credential_id, public_key, counter, transports)
      VALUES (${passkey}, ${sub}, 'x', ${sub}, 'x', 0, '{}')`;
    const [identity] = await listOf(token);
    expect((await unlink(token, identity?.id ?? "")).status).toBe(204);
    expect((await auth.request("DELETE", `/auth/passkeys/${passkey}`, { token })).status).toBe(409);
  });

  test("a code that was got with it opens nothing afterwards", async () => {
    const person = await confirmed();
    await confirmEmail(auth, person);
    const member = newMember();
    await link(person, member);
    idp.member = member;
    const start = `${settings.PUBLIC_URL}/auth/oauth/house?return_to=${returnTo}`;
    const { url } = await new Browser(auth).go(start, (at) => at.startsWith(returnTo));
    const [identity] = await listOf(person.token);
    expect((await unlink(person.token, identity?.id ?? "")).status).toBe(204);
    const code = new URL(url).searchParams.get("code");
    expect((await auth.post("/auth/session", { code })).status).toBe(401);
  });
});
