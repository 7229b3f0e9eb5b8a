import { createServer } from "node:http";
import { base32 } from "@better-auth/utils/base32";
import { createOTP } from "@better-auth/utils/otp";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import * as oauth from "oauth4webapi";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Browser } from "./system/browser.ts";
import { claimsOf, confirmEmail, guardedMeanwhile, register, tokenMailed, tokensIn } from "./system/people.ts";
import { productionCost, settings } from "./system/settings.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";
import { type Member, startProvider, type TestProvider } from "./system/start-provider.ts";

let idp: TestProvider;
let auth: AuthSystem;
const returnTo = "http://app.test/after/";
beforeAll(async () => {
  idp = await startProvider();
  auth = await startAuth({
    OAUTH_PROVIDERS: JSON.stringify([
      { id: "house", issuer: idp.issuer, clientId: idp.clientId, clientSecret: idp.clientSecret },
    ]),
    OAUTH_RETURN_URLS: returnTo,
  });
});
afterAll(async () => {
  await auth.stop();
  await idp.stop();
});
afterEach(() => {
  idp.member = null;
});

let members = 0;
function newMember(more: Partial<Member> = {}): Member {
  members += 1;
  return { sub: `member-${members}`, email: `member${members}@example.com`, email_verified: true, ...more };
}

const start = `${settings.PUBLIC_URL}/auth/oauth/house`;
const callback = `${settings.PUBLIC_URL}/auth/oauth/house/callback`;

/** Logs `member` in with a browser of their own, all the way. */
async function enter(member: Member) {
  idp.member = member;
  return (await new Browser(auth).go(start)).answer;
}

const usersWith = (email: string) => auth.sql`SELECT * FROM auth.users WHERE email = ${email}`;

describe("a login at the provider", () => {
  test("opens an account the first time, announces it, and finds it the next time", async () => {
    const member = newMember({ name: "Ada Lovelace", preferred_username: "ada lovelace!" });
    const first = await enter(member);
    expect(first).toMatchObject({
      status: 200,
      body: { user: { email: member.email, emailVerified: true, name: "Ada Lovelace", username: "adalovelace" } },
    });
    const { sub } = claimsOf(tokensIn(first).token);
    await auth.settled();
    expect(auth.sent().filter(({ subject }) => subject === sub)).toMatchObject([
      { event: "user.created" },
      { event: "user.email_verified" },
    ]);
    const announced = auth.events.sent.length;
    // Another address by now: the subject counts.
    const second = await enter({ ...member, email: "moved@example.com" });
    expect(claimsOf(tokensIn(second).token).sub).toBe(sub);
    await auth.settled();
    expect(auth.events.sent.length).toBe(announced);
  });

  test("asks with PKCE, state and nonce, and binds them to the browser", async () => {
    const answer = await auth.get("/auth/oauth/house");
    expect(answer.status).toBe(302);
    const { origin, searchParams } = new URL(answer.headers.get("location") ?? "");
    expect(origin).toBe(idp.issuer);
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: idp.clientId,
      redirect_uri: callback,
      response_type: "code",
      scope: "openid email profile",
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: "S256",
    });
    expect(answer.headers.get("set-cookie")).toMatch(
      /^trivet-oauth=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
  });

  test("over HTTPS the cookie is a __Host- cookie", async () => {
    const secure = auth.anotherProcess({ PUBLIC_URL: "https://trivet.test" });
    const cookie = (await secure.get("/auth/oauth/house")).headers.get("set-cookie");
    expect(cookie).toMatch(/^__Host-trivet-oauth=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  });

  test("a taken or unfit username becomes another", async () => {
    const names: unknown[] = [];
    for (const preferred_username of ["grace", "Grace", "日本", undefined]) {
      const { body } = await enter(newMember(preferred_username === undefined ? {} : { preferred_username }));
      names.push(Object(body).user.username);
    }
    expect(names).toEqual([
      "grace",
      expect.stringMatching(/^Grace\d{6}$/),
      expect.stringMatching(/^user\d{6}$/),
      expect.stringMatching(/^member\d+$/),
    ]);
  });

  test("of eight first logins at the same moment, one opens the account and all get in", async () => {
    const member = newMember();
    idp.member = member;
    const answers = await Promise.all(Array.from({ length: 8 }, () => new Browser(auth).go(start)));
    expect(answers.map(({ answer }) => answer.status)).toEqual(Array(8).fill(200));
    expect((await usersWith(member.email ?? "")).length).toBe(1);
  });

  test("401 when the provider says no, 422 when it tells no address, 404 for no such provider", async () => {
    const refused = (await new Browser(auth).go(start)).answer;
    expect(refused).toMatchObject({ status: 401, body: { detail: "house refused the login: access_denied." } });
    expect((await enter({ sub: "nameless" })).status).toBe(422);
    expect((await auth.get("/auth/oauth/nowhere")).status).toBe(404);
  });

  test("401 when a second factor comes into force meanwhile", async () => {
    const member = newMember();
    const { sub } = claimsOf(tokensIn(await enter(member)).token);
    const answer = await guardedMeanwhile(auth, sub, () => enter(member));
    expect(answer).toMatchObject({ status: 401, body: { code: "second_factor_required" } });
  });

  test("403 with the reason for a banned account", async () => {
    const member = newMember();
    const { sub } = claimsOf(tokensIn(await enter(member)).token);
    await auth.sql`UPDATE auth.users SET banned = true, ban_reason = 'spam' WHERE id = ${sub}`;
    expect(await enter(member)).toMatchObject({ status: 403, body: { detail: expect.stringContaining("spam") } });
  });

  test("an address in ADMIN_EMAILS makes an administrator only when the provider has proven it", async () => {
    const unproven = await enter(newMember({ email: "root@example.com", email_verified: false }));
    expect(unproven.body).toMatchObject({ user: { role: "user", emailVerified: false } });
    await auth.sql`DELETE FROM auth.users WHERE email = 'root@example.com'`;
    const proven = await enter(newMember({ email: "Root@Example.com" }));
    expect(proven.body).toMatchObject({ user: { role: "admin", emailVerified: true } });
  });
});

describe("an account of the same address", () => {
  test("is none whose address only looks the same in lower case", async () => {
    const person = await register(auth, { email: "kate@example.com", username: "kate", password: "quiet lake" });
    await confirmEmail(auth, person);
    const answer = await enter(newMember({ email: "\u212Aate@example.com" }));
    expect(answer).toMatchObject({ status: 422, body: { code: "unprocessable" } });
  });

  test.for([
    ["both sides have proven the address", true, true, 200],
    ["the provider has not", true, false, 409],
    ["we have not", false, true, 409],
    ["nobody has", false, false, 409],
  ] as const)("is linked or refused when %s", async ([, ours, theirs, status]) => {
    const person = await register(auth);
    if (ours) await confirmEmail(auth, person);
    const answer = await enter(newMember({ email: person.email, email_verified: theirs }));
    expect(answer.status).toBe(status);
    if (status === 200) expect(claimsOf(tokensIn(answer).token).sub).toBe(person.id);
    const linked = await auth.sql`SELECT 1 FROM auth.identities WHERE user_id = ${person.id} AND provider_id = 'house'`;
    expect(linked.length).toBe(status === 200 ? 1 : 0);
  });
});

describe("the callback", () => {
  /** Somebody sent back by the provider, with the address they are about to call. */
  async function arrive(browser: Browser) {
    idp.member = newMember();
    return (await browser.go(start, (location) => location.startsWith(callback))).url;
  }

  test("400 in another browser, and nobody is logged in", async () => {
    const url = await arrive(new Browser(auth));
    expect((await new Browser(auth).go(url)).answer).toMatchObject({
      status: 400,
      body: { code: "malformed_request" },
    });
  });

  test("400 the second time", async () => {
    const browser = new Browser(auth);
    const url = await arrive(browser);
    expect((await browser.go(url)).answer.status).toBe(200);
    expect((await browser.go(url)).answer.status).toBe(400);
  });

  test.for([
    ["another state", (url: URL) => url.searchParams.set("state", "A".repeat(43)), 400],
    ["no state", (url: URL) => url.searchParams.delete("state"), 400],
    ["another issuer (RFC 9207)", (url: URL) => url.searchParams.set("iss", "http://elsewhere.test"), 401],
    ["no issuer where there must be one", (url: URL) => url.searchParams.delete("iss"), 401],
    ["another code", (url: URL) => url.searchParams.set("code", "A".repeat(43)), 401],
    ["no code", (url: URL) => url.searchParams.delete("code"), 401],
    ["an error beside the code", (url: URL) => url.searchParams.set("error", "<script>"), 401],
  ] as const)("%s is refused", async ([, tamper, status]) => {
    const browser = new Browser(auth);
    const url = new URL(await arrive(browser));
    tamper(url);
    const { answer } = await browser.go(url.href);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain("<script>");
  });
});

describe("return_to", () => {
  test("302 with a one-time code that POST /auth/session takes once", async () => {
    idp.member = newMember();
    const { url } = await new Browser(auth).go(`${start}?return_to=${returnTo}page`, (at) => at.startsWith(returnTo));
    const code = new URL(url).searchParams.get("code");
    const answers = await Promise.all([1, 2, 3].map(() => auth.post("/auth/session", { code })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
  });

  test.for([
    "http://app.test/",
    "http://app.test.evil.test/after/",
    "http://app.test/after/../",
    "http://user@app.test/after/",
    "//app.test/after/",
    "javascript:alert(1)",
    "http://evil.test/?http://app.test/after/",
  ])("400 for %s", async (target) => {
    const answer = await auth.get(`/auth/oauth/house?return_to=${encodeURIComponent(target)}`);
    expect(answer).toMatchObject({ status: 400, body: { code: "validation_failed" } });
  });

  test("a second factor is asked for when the code is exchanged", async () => {
    const member = newMember();
    const { token } = tokensIn(await enter(member));
    const { secret } = Object((await auth.post("/auth/2fa/enable", {}, { token })).body);
    const totp = (steps: number) =>
      createOTP(new TextDecoder().decode(base32.decode(secret))).hotp(Math.floor(Date.now() / 30_000) + steps);
    await auth.post("/auth/2fa/verify", { code: await totp(0) }, { token });
    // As if that had been long ago: otherwise the present code has been used.
    await auth.sql`UPDATE auth.two_factors SET last_step = 0`;
    expect(await enter(member)).toMatchObject({ status: 401, body: { code: "second_factor_required" } });

    idp.member = member;
    const { url } = await new Browser(auth).go(`${start}?return_to=${returnTo}`, (at) => at.startsWith(returnTo));
    const code = new URL(url).searchParams.get("code");
    const exchange = (second_factor?: string) => auth.post("/auth/session", { code, second_factor });
    expect(await exchange()).toMatchObject({ status: 401, body: { code: "second_factor_required" } });
    expect((await exchange("000000")).status).toBe(401);
    expect((await exchange(await totp(0))).status).toBe(200);
    expect((await exchange(await totp(1))).status).toBe(401);
  });
});

describe("return_to with a code_challenge", () => {
  const verifier = oauth.generateRandomCodeVerifier();

  /** The one-time code of somebody's login that was begun with this query. */
  async function codeFor(query: Record<string, string>): Promise<string> {
    idp.member = newMember();
    const search = new URLSearchParams({ return_to: returnTo, ...query });
    const { url } = await new Browser(auth).go(`${start}?${search}`, (at) => at.startsWith(returnTo));
    return new URL(url).searchParams.get("code") ?? "";
  }

  const boundTo = async (codeVerifier: string) =>
    await codeFor({
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
    });

  test("the code is worth something only beside its verifier, once; a thief's tries do not use it up", async () => {
    const code = await boundTo(verifier);
    const challenge = await oauth.calculatePKCECodeChallenge(verifier);
    for (const stolen of [
      { code },
      { code, code_verifier: oauth.generateRandomCodeVerifier() },
      { code, code_verifier: challenge },
      { code: `${code} ${challenge}` },
    ]) {
      expect(await auth.post("/auth/session", stolen)).toMatchObject({
        status: 401,
        body: { code: "unauthenticated" },
      });
    }
    const answers = await Promise.all(
      [1, 2, 3].map(() => auth.post("/auth/session", { code, code_verifier: verifier })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
  });

  test("somebody else's code opens nothing beside one's own verifier, whether they bound it or not", async () => {
    for (const theirs of [await boundTo(oauth.generateRandomCodeVerifier()), await codeFor({})]) {
      const answer = await auth.post("/auth/session", { code: theirs, code_verifier: verifier });
      expect(answer).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
    }
  });

  test("a new password voids a bound code as it does others", async () => {
    const code = await boundTo(verifier);
    const { email } = idp.member ?? {};
    await auth.post("/auth/password/forgot", { email });
    const token = await tokenMailed(auth, email ?? "", /new password/);
    expect((await auth.post("/auth/password/reset", { token, password: "another quiet lake" })).status).toBe(204);
    expect((await auth.post("/auth/session", { code, code_verifier: verifier })).status).toBe(401);
  });

  test.for([
    ["one that is no SHA-256", { return_to: returnTo, code_challenge: "short" }],
    [
      "a method that sends the verifier itself",
      { return_to: returnTo, code_challenge: verifier, code_challenge_method: "plain" },
    ],
    ["a method alone", { return_to: returnTo, code_challenge_method: "S256" }],
    ["one without return_to", { code_challenge: verifier }],
  ] as const)("400 for %s", async ([, query]) => {
    const answer = await auth.get(`/auth/oauth/house?${new URLSearchParams(query)}`);
    expect(answer).toMatchObject({ status: 400, body: { code: "validation_failed" } });
  });
});

describe("POST /auth/session for a native client", () => {
  const codeVerifier = oauth.generateRandomCodeVerifier();

  /** A code that the client got from the provider by itself. */
  async function nativeCode(member: Member, nonce?: string): Promise<string> {
    idp.member = member;
    const url = new URL(`${idp.issuer}/auth`);
    url.search = new URLSearchParams({
      client_id: idp.clientId,
      redirect_uri: idp.nativeRedirect,
      response_type: "code",
      scope: "openid email profile",
      code_challenge: await oauth.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: "S256",
      ...(nonce !== undefined && { nonce }),
    }).toString();
    const back = await new Browser(auth).go(url.href, (location) => location.startsWith(`${idp.nativeRedirect}?`));
    return new URL(back.url).searchParams.get("code") ?? "";
  }

  const exchange = (code: string, more: object = {}) =>
    auth.post("/auth/session", {
      provider: "house",
      code,
      code_verifier: codeVerifier,
      redirect_uri: idp.nativeRedirect,
      ...more,
    });

  test("200 for a code with its PKCE verifier, once", async () => {
    const member = newMember();
    const code = await nativeCode(member, "n-1");
    expect(await exchange(code, { nonce: "n-1" })).toMatchObject({
      status: 200,
      body: { user: { email: member.email } },
    });
    expect((await exchange(code, { nonce: "n-1" })).status).toBe(401);
  });

  test.for([
    ["another verifier", { code_verifier: "A".repeat(43), nonce: "n" }],
    ["another redirect address", { redirect_uri: "http://127.0.0.1/other", nonce: "n" }],
    ["another nonce", { nonce: "m" }],
    ["no nonce where there is one", {}],
  ] as const)("401 for %s", async ([, more]) => {
    expect((await exchange(await nativeCode(newMember(), "n"), more)).status).toBe(401);
  });

  test.for([
    ["nothing", {}],
    ["a code without verifier", { provider: "house", code: "x", redirect_uri: "http://127.0.0.1/native" }],
    ["an unknown field", { code: "x", user: "root" }],
  ] as const)("400 for %s", async ([, body]) => {
    expect((await auth.post("/auth/session", body)).status).toBe(400);
  });

  /** The id token of a code flow that the client did by itself. */
  async function nativeIdToken(member: Member, nonce?: string): Promise<string> {
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      code: await nativeCode(member, nonce),
      redirect_uri: idp.nativeRedirect,
      code_verifier: codeVerifier,
      client_id: idp.clientId,
      client_secret: idp.clientSecret,
    });
    const response = await fetch(`${idp.issuer}/token`, { method: "POST", body });
    return String(Object(await response.json()).id_token);
  }
  const present = (id_token: string, more: object = {}) =>
    auth.post("/auth/session", { provider: "house", id_token, ...more });

  test("200 for an id token with its nonce, once", async () => {
    const member = newMember();
    const { sub } = claimsOf(tokensIn(await enter(member)).token);
    const idToken = await nativeIdToken(member, "n-2");
    expect((await present(idToken)).status).toBe(401);
    expect((await present(idToken, { nonce: "other" })).status).toBe(401);
    const answer = await present(idToken, { nonce: "n-2" });
    expect(claimsOf(tokensIn(answer).token).sub).toBe(sub);
    expect((await present(idToken, { nonce: "n-2" })).status).toBe(401);
  });

  test("401 for an id token that was tampered with", async () => {
    const member = newMember();
    await enter(member);
    const [header = "", payload = "", signature = ""] = (await nativeIdToken(member)).split(".");
    const other = btoa(JSON.stringify({ ...JSON.parse(atob(payload)), sub: "member-1" })).replaceAll("=", "");
    const none = btoa('{"alg":"none"}').replaceAll("=", "");
    for (const forged of [`${header}.${other}.${signature}`, `${none}.${payload}.`, `${header}.${payload}.`, "x"]) {
      expect((await present(forged)).status).toBe(401);
    }
  });
});

describe("a provider that cannot be trusted", () => {
  const members = { sub: "evil-1", email: "victim@example.com", email_verified: true };
  type Claims = Record<string, unknown>;

  /** A provider that signs whatever it likes, with the key it publishes or with another. */
  async function startLiar() {
    const keys = await generateKeyPair("ES256");
    const stranger = await generateKeyPair("ES256");
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "one", alg: "ES256", use: "sig" };
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.setHeader("content-type", "application/json");
      if (request.url === "/jwks") return void response.end(JSON.stringify({ keys: [jwk] }));
      if (request.url === "/.well-known/openid-configuration") {
        const document = {
          issuer,
          authorization_endpoint: `${issuer}/auth`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
        };
        return void response.end(JSON.stringify(document));
      }
      response.statusCode = 404;
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const issuer = `http://127.0.0.1:${Object(server.address()).port}`;
    const now = Math.floor(Date.now() / 1_000);
    const good: Claims = { iss: issuer, aud: "me", iat: now, exp: now + 300, ...members };
    const sign = (claims: Claims, key = keys.privateKey) =>
      new SignJWT({ ...good, ...claims }).setProtectedHeader({ alg: "ES256", kid: "one" }).sign(key);
    return { issuer, asked, sign, stranger: stranger.privateKey, now, stop: () => server.close() };
  }

  test("an id token counts only as what it is: issuer, audience, key, time", async () => {
    const liar = await startLiar();
    const providers = [{ id: "liar", issuer: liar.issuer, clientId: "me" }];
    const trusting = auth.anotherProcess({ OAUTH_PROVIDERS: JSON.stringify(providers) });
    const present = async (id_token: string) =>
      (await trusting.post("/auth/session", { provider: "liar", id_token })).status;
    try {
      const { now, sign } = liar;
      expect(await present(await sign({}, liar.stranger))).toBe(401);
      expect(await present(await sign({ iss: "https://accounts.google.com" }))).toBe(401);
      expect(await present(await sign({ aud: "somebody else" }))).toBe(401);
      expect(await present(await sign({ aud: ["me", "somebody else"] }))).toBe(401);
      expect(await present(await sign({ azp: "somebody else" }))).toBe(401);
      expect(await present(await sign({ iat: now - 900, exp: now - 600 }))).toBe(401);
      expect(await present(await sign({ sub: undefined }))).toBe(401);
      expect(await present(await sign({}))).toBe(200);
    } finally {
      liar.stop();
    }
  });

  test("is not configured under the name of the passwords", async () => {
    const providers = [{ id: "credential", issuer: idp.issuer, clientId: "me" }];
    const confused = auth.anotherProcess({ OAUTH_PROVIDERS: JSON.stringify(providers) });
    await expect(confused.get("/auth/oauth/credential")).rejects.toThrow(/OAUTH_PROVIDERS.*credential/s);
  });

  test("502 when it is not there", async () => {
    const gone = auth.anotherProcess({
      OAUTH_PROVIDERS: JSON.stringify([{ id: "gone", issuer: "http://127.0.0.1:9", clientId: "me" }]),
    });
    expect(await gone.get("/auth/oauth/gone")).toMatchObject({
      status: 502,
      body: { detail: "gone could not be asked." },
    });
  });

  test("over plain HTTP it is not spoken to in production", async () => {
    const liar = await startLiar();
    const providers = [{ id: "liar", issuer: liar.issuer, clientId: "me" }];
    const production = auth.anotherProcess({
      ...productionCost,
      TRIVET_ENV: "production",
      OAUTH_PROVIDERS: JSON.stringify(providers),
    });
    try {
      expect((await production.get("/auth/oauth/liar")).status).toBe(502);
      const id_token = await liar.sign({ sub: "evil-2" });
      expect((await production.post("/auth/session", { provider: "liar", id_token })).status).toBe(502);
      expect(liar.asked).toEqual([]);
    } finally {
      liar.stop();
    }
  });
});

describe("a provider of plain OAuth 2.0, such as GitHub", () => {
  const code = "a-code";
  const member = { id: 583231, login: "octo-cat", name: null, email: null };
  const emails = [
    { email: "other@example.com", primary: false, verified: true },
    { email: "Octo@Example.com", primary: true, verified: true },
  ];

  /** The three addresses of GitHub that a login needs, behind its answers. */
  async function startHub() {
    const server = createServer((request, response) => {
      response.setHeader("content-type", "application/json");
      const known = request.headers.authorization === "Bearer hub-token";
      if (request.url === "/token") {
        let body = "";
        request.on("data", (chunk) => {
          body += String(chunk);
        });
        request.on("end", () => {
          const form = new URLSearchParams(body);
          const right =
            form.get("code") === code && form.get("client_secret") === "hub-secret" && form.has("code_verifier");
          response.end(
            JSON.stringify(
              right ? { access_token: "hub-token", token_type: "bearer" } : { error: "bad_verification_code" },
            ),
          );
        });
      } else if (known && request.url === "/user") response.end(JSON.stringify(member));
      else if (known && request.url === "/emails") response.end(JSON.stringify(emails));
      else {
        response.statusCode = 401;
        response.end("{}");
      }
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return { origin: `http://127.0.0.1:${Object(server.address()).port}`, stop: () => server.close() };
  }

  test("vouches by its primary address; its numeric id is who somebody is", async () => {
    const hub = await startHub();
    const setting = {
      id: "hub",
      clientId: "me",
      clientSecret: "hub-secret",
      authorizationEndpoint: `${hub.origin}/authorize`,
      tokenEndpoint: `${hub.origin}/token`,
      userInfoEndpoint: `${hub.origin}/user`,
      emailsEndpoint: `${hub.origin}/emails`,
      scopes: ["read:user"],
    };
    const beside = auth.anotherProcess({ OAUTH_PROVIDERS: JSON.stringify([setting]) });
    try {
      const started = await beside.get("/auth/oauth/hub");
      const asked = new URL(started.headers.get("location") ?? "").searchParams;
      expect(asked.get("code_challenge_method")).toBe("S256");
      const headers = { cookie: started.headers.get("set-cookie")?.split(";")[0] ?? "" };
      const path = `/auth/oauth/hub/callback?code=${code}&state=${asked.get("state")}`;
      expect(await beside.request("GET", path, { headers })).toMatchObject({
        status: 200,
        body: { user: { email: "octo@example.com", emailVerified: true, username: "octocat" } },
      });
      const [identity] = await auth.sql`SELECT account_id FROM auth.identities WHERE provider_id = 'hub'`;
      expect(identity).toMatchObject({ account_id: "583231" });
      const wrong = await beside.post("/auth/session", {
        provider: "hub",
        code: "another",
        code_verifier: "A".repeat(43),
        redirect_uri: "http://127.0.0.1/native",
      });
      expect(wrong).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
      expect((await beside.post("/auth/session", { provider: "hub", id_token: "a.b.c" })).status).toBe(422);
    } finally {
      hub.stop();
    }
  });
});
