import { createHmac, randomUUID } from "node:crypto";
import { CompactSign, exportJWK, exportPKCS8, exportSPKI, generateKeyPair, importPKCS8 } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { goodClaims, type Issuer, KeyServer, newIssuer } from "./fixture/issuer.ts";
import { bearer, problemOf, type Running, run, serviceSecret } from "./fixture/running.ts";

let issuer: Issuer;
let service: Running;

beforeAll(async () => {
  issuer = await newIssuer();
  service = run({ AUTH: new KeyServer(issuer) });
});

const base64url = (text: string | Uint8Array): string => Buffer.from(text).toString("base64url");
const json = (value: unknown): string => base64url(JSON.stringify(value));
const header = (changes: object = {}) => ({ alg: "EdDSA", typ: "at+jwt", kid: issuer.kid, ...changes });
const now = () => Math.floor(Date.now() / 1_000);

/** Signs any text as header and payload with the issuer's own key, as only a thief of it could. */
async function signRaw(encodedHeader: string, encodedPayload: string): Promise<string> {
  const input = `${encodedHeader}.${encodedPayload}`;
  const signature = await crypto.subtle.sign("Ed25519", issuer.privateKey, new TextEncoder().encode(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

const hmac = (secret: string | Uint8Array, changes: object = {}): string => {
  const input = `${json(header({ alg: "HS256", ...changes }))}.${json(goodClaims())}`;
  return `${input}.${createHmac("sha256", secret).update(input).digest("base64url")}`;
};

async function signedBy(alg: string): Promise<string> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return await new CompactSign(Buffer.from(JSON.stringify(goodClaims())))
    .setProtectedHeader(header({ alg }))
    .sign(privateKey);
}

/** The last character of a signature has bits to spare; another one decodes to the same bytes. */
function withLooseBits(token: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return token.slice(0, -1) + alphabet.charAt(alphabet.indexOf(token.slice(-1)) ^ 1);
}

type Forgery = [name: string, token: () => string | Promise<string>];

const algorithms: Forgery[] = [
  ...["none", "None", "NONE", "nOnE", ""].flatMap((alg): Forgery[] => [
    [`alg ${alg} without a signature`, () => `${json(header({ alg }))}.${json(goodClaims())}.`],
    [`alg ${alg} with a signature`, () => `${json(header({ alg }))}.${json(goodClaims())}.AAAA`],
    [`alg ${alg} signed by the issuer`, () => signRaw(json(header({ alg })), json(goodClaims()))],
  ]),
  ["no alg", () => signRaw(json({ typ: "at+jwt", kid: issuer.kid }), json(goodClaims()))],
  ["alg that is no string", () => signRaw(json(header({ alg: ["EdDSA"] })), json(goodClaims()))],
  ["alg in lower case", () => signRaw(json(header({ alg: "eddsa" })), json(goodClaims()))],
  ["HS256 under the public key as PEM", async () => hmac(await exportSPKI(issuer.publicKey))],
  ["HS256 under the public key as JWK", () => hmac(JSON.stringify(issuer.publicJwk))],
  ["HS256 under the public key's bytes", () => hmac(Buffer.from(issuer.publicJwk.x ?? "", "base64url"))],
  ["HS256 under the services' secret", () => hmac(serviceSecret)],
  ["HS256 under nothing", () => hmac("")],
  ["EdDSA in the header, HS256 in truth", async () => hmac(await exportSPKI(issuer.publicKey), { alg: "EdDSA" })],
  ["ES256", () => signedBy("ES256")],
  ["RS256", () => signedBy("RS256")],
  ["PS256", () => signedBy("PS256")],
];

const keyIds: Forgery[] = [
  ["no kid", () => signRaw(json({ alg: "EdDSA", typ: "at+jwt" }), json(goodClaims()))],
  ...[
    "",
    "unknown",
    "../../../../dev/null",
    "/etc/passwd",
    "key-1' OR '1'='1",
    "key-1\u0000",
    "KEY-1",
    "__proto__",
    "constructor",
  ].map((kid): Forgery => [`kid ${JSON.stringify(kid)}`, () => issuer.token({}, { kid })]),
  ["a kid that is no string", () => signRaw(json(header({ kid: [issuer.kid] })), json(goodClaims()))],
  ["another's key under our kid", async () => (await newIssuer(issuer.kid)).token()],
];

const broughtAlong: Forgery[] = [
  ["jwk", async () => broughtBy(async (other) => ({ jwk: await exportJWK(other.publicKey) }))],
  ["jku", () => broughtBy(() => ({ jku: "http://evil.test/jwks.json" }))],
  ["x5u", () => broughtBy(() => ({ x5u: "http://evil.test/cert.pem" }))],
  ["x5c", () => broughtBy(() => ({ x5c: ["MIIB"] }))],
  ["x5t", () => broughtBy(() => ({ x5t: "AAAA" }))],
  ["crit", () => signRaw(json(header({ crit: ["exp"], exp: 1 })), json(goodClaims()))],
  ["crit of nothing", () => signRaw(json(header({ crit: [] })), json(goodClaims()))],
  ["b64", () => signRaw(json(header({ crit: ["b64"], b64: false })), json(goodClaims()))],
  ["cty", () => issuer.token({}, { cty: "JWT" })],
  ["zip", () => issuer.token({}, { zip: "DEF" })],
  ["anything else, even signed by the issuer", () => issuer.token({}, { extra: true })],
];

async function broughtBy(members: (other: Issuer) => object | Promise<object>): Promise<string> {
  const other = await newIssuer(issuer.kid);
  return await new CompactSign(Buffer.from(JSON.stringify(goodClaims())))
    .setProtectedHeader(header(await members(other)))
    .sign(await importPKCS8(await exportPKCS8(other.privateKey), "EdDSA"));
}

const goodJson = () => JSON.stringify(goodClaims());
const encodings: Forgery[] = [
  [
    "a header with a key twice",
    () => signRaw(base64url(`{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"${issuer.kid}"}`), json(goodClaims())),
  ],
  ["a payload with a key twice", () => signRaw(json(header()), base64url(goodJson().replace("{", '{"role":"admin",')))],
  ["blanks in the payload", () => signRaw(json(header()), base64url(JSON.stringify(goodClaims(), null, 1)))],
  ["a line break after the payload", () => signRaw(json(header()), base64url(`${goodJson()}\n`))],
  ["a byte order mark", () => signRaw(json(header()), base64url(`\ufeff${goodJson()}`))],
  [
    "an escape where none is due",
    () => signRaw(json(header()), base64url(goodJson().replace("trivet", "\\u0074rivet"))),
  ],
  ["a payload that is a list", () => signRaw(json(header()), json([goodClaims()]))],
  ["a payload that is null", () => signRaw(json(header()), base64url("null"))],
  ["a payload that is not UTF-8", () => signRaw(json(header()), base64url(Buffer.from([0x7b, 0xff, 0x7d])))],
  ["padding after the signature", async () => `${await issuer.token()}==`],
  ["padding after the header", async () => (await issuer.token()).replace(".", "=.")],
  ["loose bits in the signature", async () => withLooseBits(await issuer.token())],
  [
    "standard base64 instead of base64url",
    () =>
      signRaw(
        Buffer.from(JSON.stringify(header({ typ: "at+jwt" }))).toString("base64"),
        Buffer.from(JSON.stringify(goodClaims({ username: "???>>>" }))).toString("base64"),
      ),
  ],
  ["a cut signature", async () => (await issuer.token()).slice(0, -4)],
  [
    "half of it",
    async () => {
      const token = await issuer.token();
      return token.slice(0, token.length / 2);
    },
  ],
  ["two parts", async () => (await issuer.token()).split(".").slice(0, 2).join(".")],
  ["four parts", async () => `${await issuer.token()}.AAAA`],
  ["five parts, as encrypted ones have", () => "AAAA.AAAA.AAAA.AAAA.AAAA"],
  ["dots only", () => ".."],
  ["garbage", () => "garbage"],
  [
    "other claims under the old signature",
    async () => {
      const [head, , signature] = (await issuer.token()).split(".");
      return `${head}.${json(goodClaims({ role: "admin" }))}.${signature}`;
    },
  ],
  ["a megabyte", async () => await issuer.token({ username: "a".repeat(1_000_000) })],
  ["a megabyte of nothing", () => "A".repeat(1_000_000)],
];

const claims: Forgery[] = [
  ["typ JWT", () => issuer.token({}, { typ: "JWT" })],
  ["typ in upper case", () => issuer.token({}, { typ: "AT+JWT" })],
  ["typ with a media type's prefix", () => issuer.token({}, { typ: "application/at+jwt" })],
  ["a service's typ", () => issuer.token({}, { typ: "service+jwt" })],
  ["no typ", () => issuer.token({}, { typ: undefined })],
  ["another audience", () => issuer.token({ aud: "elsewhere" })],
  ["a list of audiences", () => issuer.token({ aud: ["trivet", "elsewhere"] })],
  ["a list of the one audience", () => issuer.token({ aud: ["trivet"] })],
  ["another issuer", () => issuer.token({ iss: "http://elsewhere.test" })],
  ["the issuer with a slash", () => issuer.token({ iss: "http://trivet.test/" })],
  ["expired", () => issuer.token({ iat: now() - 700, exp: now() - 10 })],
  ["expired since 1970", () => issuer.token({ iat: 0, exp: 1 })],
  ["not valid yet", () => issuer.token({ nbf: now() + 60 })],
  ["issued in the future", () => issuer.token({ iat: now() + 60, exp: now() + 660 })],
  ["a lifetime of over an hour", () => issuer.token({ exp: now() + 3_601 })],
  ["a lifetime of ten years", () => issuer.token({ exp: now() + 315_360_000 })],
  ["an expiry that is a string", () => signRaw(json(header()), json({ ...goodClaims(), exp: "9999999999" }))],
  [
    "an expiry beyond numbers",
    () => signRaw(json(header()), base64url(goodJson().replace(/"exp":\d+/, '"exp":1e999'))),
  ],
  ...["iss", "aud", "iat", "exp", "sub", "sid", "role", "username"].map(
    (name): Forgery => [`no ${name}`, () => issuer.token({ [name]: undefined })],
  ),
  ["a role that does not exist", () => issuer.token({ role: "root" })],
  ["a subject that is no id", () => issuer.token({ sub: "admin" })],
];

describe("a user's access token", () => {
  test("that is good is believed, and is what the handler sees", async () => {
    const [sub, sid, admin] = [randomUUID(), randomUUID(), randomUUID()];
    const token = await issuer.token({ sub, sid, role: "moderator", scope: "toy:read toy:write", act: { sub: admin } });
    const response = await service.send("/toy/me", bearer(token));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      kind: "user",
      id: sub,
      sessionId: sid,
      role: "moderator",
      username: "ada",
      scopes: ["toy:read", "toy:write"],
      impersonatedBy: admin,
    });
  });

  test.each([...algorithms, ...keyIds, ...broughtAlong, ...encodings, ...claims])(
    "is refused with: %s",
    async (_, forge) => {
      const token = await forge();
      for (const path of ["/toy/me", "/toy/guest"]) {
        const response = await service.send(path, bearer(token));
        expect(response.status, path).toBe(401);
        const problem = await problemOf(response);
        expect(problem).toMatchObject({ code: "unauthenticated", error: "Authentication required" });
        if (token.length > 20) expect(JSON.stringify(problem)).not.toContain(token.slice(-20));
      }
    },
  );

  test.each([
    ["nothing", undefined],
    ["another scheme", "Basic YTpi"],
    ["the scheme alone", "Bearer"],
    ["two tokens", "Bearer a b"],
    ["a comma", "Bearer a, Bearer b"],
    ["no scheme", "eyJhbGciOiJFZERTQSJ9.e30.AAAA"],
    ["quotes", 'Bearer "a"'],
  ])("is missed with: %s", async (_, authorization) => {
    const headers = new Headers(authorization === undefined ? {} : { authorization });
    const response = await service.send("/toy/me", { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer realm="trivet"/);
    expect((await problemOf(response)).code).toBe("unauthenticated");
  });

  test("is not looked for in the query, in a body or in a cookie", async () => {
    const token = await issuer.token();
    const response = await service.send(`/toy/me?access_token=${token}`, {
      headers: { cookie: `access_token=${token}` },
    });
    expect(response.status).toBe(401);
  });

  test("that is refused is told why, as RFC 6750 asks", async () => {
    const response = await service.send("/toy/me", bearer(await issuer.token({ iat: now() - 700, exp: now() - 10 })));
    expect(response.headers.get("www-authenticate")).toContain('error="invalid_token"');
    expect((await problemOf(response)).detail).toBe("The token has expired. Get a new one from /auth/refresh.");
  });

  test("whatever a client says of itself in other headers is not believed", async () => {
    const headers = { "x-user-id": randomUUID(), "x-user-role": "admin", "x-actor": "admin" };
    expect((await service.send("/toy/admin", { headers })).status).toBe(401);
    expect(await (await service.send("/toy/guest", { headers })).json()).toEqual({ kind: "anonymous" });
  });
});

describe("roles and scopes", () => {
  test.each([
    ["admin", 200],
    ["moderator", 403],
    ["user", 403],
  ])("%s at a route for administrators answers %i", async (role, status) => {
    expect((await service.send("/toy/admin", bearer(await issuer.token({ role })))).status).toBe(status);
  });

  test.each([
    ["toy:read", 200, 403],
    ["toy:write", 403, 200],
    ["toy:read toy:write", 200, 200],
    ["other:read other:write", 403, 403],
    ["", 403, 403],
    ["toy:readwrite *", 403, 403],
  ])("a token for %j reads with %i and writes with %i", async (scope, read, write) => {
    const { headers } = bearer(await issuer.token({ scope }));
    expect((await service.send("/toy/me", { headers: headers ?? {} })).status).toBe(read);
    expect((await service.send("/toy/me", { method: "PUT", headers: headers ?? {} })).status).toBe(write);
  });
});
