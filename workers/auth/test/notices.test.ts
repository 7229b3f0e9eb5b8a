import { base32 } from "@better-auth/utils/base32";
import { createOTP } from "@better-auth/utils/otp";
import { newId } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Authenticator } from "./system/authenticator.ts";
import { Browser } from "./system/browser.ts";
import { confirmEmail, mailsTo, type Person, register, tokenMailed } from "./system/people.ts";
import { settings } from "./system/settings.ts";
import { type Answer, type AuthSystem, startAuth } from "./system/start-auth.ts";
import { startProvider, type TestProvider } from "./system/start-provider.ts";

let idp: TestProvider;
let auth: AuthSystem;
beforeAll(async () => {
  idp = await startProvider();
  const { issuer, clientId, clientSecret } = idp;
  auth = await startAuth({ OAUTH_PROVIDERS: JSON.stringify([{ id: "house", issuer, clientId, clientSecret }]) });
});
afterAll(async () => {
  await auth.stop();
  await idp.stop();
});

const newPassword = "another quiet lake";
const wrong = { password: "wrong password" };

/** Somebody who has proven their address, and nothing has happened to their account since. */
async function member(): Promise<Person> {
  const person = await register(auth);
  expect((await confirmEmail(auth, person)).status).toBe(200);
  return person;
}

const as = (person: Person) => ({
  post: (path: string, body: object, headers = {}) =>
    auth.post(`/auth/${path}`, body, { token: person.token, headers }),
  remove: async (path: string, proof: object) => {
    await auth.post("/auth/confirm", proof, { token: person.token });
    return await auth.request("DELETE", `/auth/${path}`, { token: person.token });
  },
});

const proofOf = ({ password }: Person, good: boolean) => (good ? { password } : wrong);

/** What an act needs before it, and then the act itself: done as its owner, or refused. */
type Act = (person: Person) => Promise<(good: boolean) => Promise<Answer>>;

const changesPassword: Act = async (person) => (good) =>
  as(person).post("password/change", { currentPassword: proofOf(person, good).password, newPassword });

const resetsPassword: Act = async ({ email }) => {
  await auth.post("/auth/password/forgot", { email });
  const token = await tokenMailed(auth, email, /new password/);
  return (good) => auth.post("/auth/password/reset", { token: good ? token : newId(), password: newPassword });
};

const addsPasskey: Act = async (person) => async (good) => {
  const { body } = await as(person).post("passkeys/register/options", { password: person.password });
  const flaws = good ? {} : { origin: "http://evil.test" };
  const response = new Authenticator(settings.PUBLIC_URL).create(Object(body), flaws);
  return await as(person).post("passkeys/register", { response });
};

const removesPasskey: Act = async (person) => {
  const id = newId();
  await auth.sql`
    INSERT INTO auth.passkeys (id, user_id, name, credential_id, public_key, counter, transports)
    VALUES (${id}, ${person.id}, 'x', ${id}, 'x', 0, '{}')`;
  return (good) => as(person).remove(`passkeys/${id}`, proofOf(person, good));
};

const unlinks: Act = async (person) => {
  const id = newId();
  await auth.sql`
    INSERT INTO auth.identities (id, user_id, provider_id, account_id) VALUES (${id}, ${person.id}, 'house', ${id})`;
  return (good) => as(person).remove(`identities/${id}`, proofOf(person, good));
};

const links: Act = async (person) => async (good) => {
  const { body, headers } = await as(person).post("oauth/house/link", { password: person.password });
  const [name = "", value = ""] = headers.get("set-cookie")?.split(";")[0]?.split("=") ?? [];
  const { location } = z.object({ location: z.string() }).parse(body);
  idp.member = { sub: person.id, email: "elsewhere@example.com", email_verified: true };
  const browser = new Browser(auth);
  if (good) browser.setCookie(settings.PUBLIC_URL, name, value);
  return (await browser.go(location)).answer;
};

/** The provider and we have both seen the address proven, so that the login is linked. */
const logsInAtProvider: Act = async (person) => async (good) => {
  idp.member = { sub: person.id, email: person.email, email_verified: good };
  return (await new Browser(auth).go(`${settings.PUBLIC_URL}/auth/oauth/house`)).answer;
};

async function enrol(person: Person) {
  const { body } = await as(person).post("2fa/enable", { password: person.password });
  const { secret, recoveryCodes } = z.object({ secret: z.string(), recoveryCodes: z.array(z.string()) }).parse(body);
  const code = await createOTP(new TextDecoder().decode(base32.decode(secret))).hotp(Math.floor(Date.now() / 30_000));
  return { code, recoveryCode: recoveryCodes[0] ?? "" };
}

const enables: Act = async (person) => {
  const { code } = await enrol(person);
  return (good) => as(person).post("2fa/verify", { code: good ? code : "000000" });
};

async function guard(person: Person): Promise<string> {
  const { recoveryCode } = await enrol(person);
  await auth.sql`UPDATE auth.users SET two_factor_enabled = true WHERE id = ${person.id}`;
  await auth.sql`UPDATE auth.two_factors SET verified = true WHERE user_id = ${person.id}`;
  return recoveryCode;
}

const disables: Act = async (person) => {
  await guard(person);
  return (good) => as(person).post("2fa/disable", proofOf(person, good));
};

const renews: Act = async (person) => {
  await guard(person);
  return (good) => as(person).post("2fa/recovery-codes", proofOf(person, good));
};

const usesRecoveryCode: Act = async (person) => {
  const code = await guard(person);
  const { email, password } = person;
  return (good) => auth.post("/auth/login", { email, password, code: good ? code : "wrong code" });
};

const makesKey: Act = async (person) => {
  const headers = { "idempotency-key": newId() };
  return async (good) => {
    const answer = await as(person).post(
      "api-keys",
      { name: "<b>x</b>", ...proofOf(person, good) },
      good ? headers : {},
    );
    // The same once more makes no second key, and no second mail.
    if (good) await as(person).post("api-keys", { name: "<b>x</b>", ...proofOf(person, good) }, headers);
    return answer;
  };
};

const acts: [name: string, act: Act, subject: string][] = [
  ["a new password by change", changesPassword, "Your password was changed"],
  ["a new password by reset", resetsPassword, "Your password was reset"],
  ["a passkey that is added", addsPasskey, "A passkey was added"],
  ["a passkey that is removed", removesPasskey, "A passkey was removed"],
  ["a login that is linked", links, "A login was linked"],
  ["a login at a provider that is linked by its address", logsInAtProvider, "A login was linked"],
  ["a login that is unlinked", unlinks, "A login was unlinked"],
  ["a second factor that comes into force", enables, "Your second factor is on"],
  ["a second factor that ends", disables, "Your second factor is off"],
  ["new recovery codes", renews, "You have new recovery codes"],
  ["a recovery code in place of the app", usesRecoveryCode, "A recovery code was used"],
  ["an API key", makesKey, "An API key was made"],
];

/** The mails to somebody beyond those that they asked for themselves. */
const noticesTo = async ({ email }: Person) =>
  (await mailsTo(auth, email)).filter(({ subject }) => !/^(?:Confirm|Set a new password)/.test(subject));

describe("the owner of an account is told by a mail", () => {
  test.for(acts)("of %s: exactly one, and none of one that was refused", async ([, prepare, subject]) => {
    const person = await member();
    const act = await prepare(person);
    expect(String((await act(false)).status)).toMatch(/^4\d\d$/);
    expect(await noticesTo(person)).toEqual([]);
    const done = await act(true);
    expect(done.status, done.text).toBeLessThan(300);
    expect(await noticesTo(person)).toMatchObject([{ to: person.email, subject }]);
  });

  test.for(acts)(
    "of %s: in text and HTML, without a link, a secret or a word of whoever did it",
    async ([, prepare]) => {
      const person = await member();
      const { text } = await (await prepare(person))(true);
      const [mail] = await noticesTo(person);
      const { text: plain = "", html = "" } = mail ?? {};
      expect(plain).toMatch(/It happened at 20\d\d-\d\d-\d\d \d\d:\d\d UTC\./);
      for (const paragraph of plain.trim().split("\n\n")) expect(html).toContain(`<p>${paragraph}</p>`);
      for (const form of [plain, html]) {
        expect(form).not.toMatch(/https?:|href|src=|<b>/);
        for (const told of secretsIn(text)) expect(form).not.toContain(told);
        for (const own of [person.password, newPassword, person.username, person.id]) expect(form).not.toContain(own);
      }
    },
  );

  const secretsIn = (answer: string): string[] => [...answer.matchAll(/"([\w.-]{10,})"/g)].map(([, word = ""]) => word);

  test.for(acts)("of %s: not at an address that nobody has proven to read", async ([name, prepare]) => {
    const person = await register(auth);
    const done = await (await prepare(person))(true);
    const told = await noticesTo(person);
    // A reset proves the address; without that proof no login is linked by it.
    if (name.endsWith("by reset")) expect(told.length).toBe(1);
    else expect(told).toEqual([]);
    expect(done.status < 300).toBe(!name.endsWith("by its address"));
  });
});

describe("a mail that cannot be made", () => {
  test("fails nothing: the act has happened, and its answer says so", async () => {
    const person = await member();
    await auth.sql`ALTER TABLE auth.mails RENAME TO mails_away`;
    try {
      const answer = await as(person).post("api-keys", { name: "x", password: person.password });
      await auth.settled();
      expect(answer.status).toBe(201);
    } finally {
      await auth.sql`ALTER TABLE auth.mails_away RENAME TO mails`;
    }
    expect(await auth.sql`SELECT name FROM auth.api_keys WHERE user_id = ${person.id}`).toEqual([{ name: "x" }]);
    expect(await noticesTo(person)).toEqual([]);
  });
});
