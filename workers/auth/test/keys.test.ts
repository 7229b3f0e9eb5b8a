import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { login, type Person, register, registerAs, tokensIn } from "./system/people.ts";
import { settings } from "./system/settings.ts";
import { type AuthSystem, startAuth } from "./system/start-auth.ts";

let auth: AuthSystem;
let admin: Person;
beforeAll(async () => {
  auth = await startAuth();
  admin = await registerAs(auth, "admin");
});
afterAll(() => auth.stop());

const jwks = z.object({
  keys: z.array(
    z.strictObject({
      kty: z.literal("OKP"),
      crv: z.literal("Ed25519"),
      x: z.string(),
      kid: z.string(),
      alg: z.literal("EdDSA"),
      use: z.literal("sig"),
    }),
  ),
});
const published = async () => jwks.parse((await auth.get("/auth/.well-known/jwks.json")).body);
const rotate = () => auth.post("/auth/admin/keys/rotate", undefined, { token: admin.token });
const kidOf = (token: string): string => String(decodeProtectedHeader(token).kid);

describe("access tokens", () => {
  test("are as RFC 9068 says, and verify by the published keys", async () => {
    const person = await register(auth);
    expect(decodeProtectedHeader(person.token)).toEqual({ alg: "EdDSA", typ: "at+jwt", kid: expect.any(String) });
    const { payload } = await jwtVerify(person.token, createLocalJWKSet(await published()), {
      issuer: settings.PUBLIC_URL,
      audience: "trivet",
      typ: "at+jwt",
    });
    const { iat = 0, exp = 0, ...claims } = payload;
    expect(exp - iat).toBe(600);
    expect(claims).toEqual({
      iss: settings.PUBLIC_URL,
      aud: "trivet",
      sub: person.id,
      sid: person.sessionId,
      role: "user",
      username: person.username,
      jti: expect.any(String),
    });
  });

  test("two tokens never share a jti", async () => {
    const person = await register(auth);
    const ids = [person.token, (await login(auth, person)).token].map((token) => token.split(".")[1]);
    expect(new Set(ids).size).toBe(2);
  });
});

describe("GET /auth/.well-known/jwks.json", () => {
  test("publishes public halves only, for a minute; private ones are stored encrypted", async () => {
    const answer = await auth.get("/auth/.well-known/jwks.json");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=60");
    expect((await published()).keys.length).toBeGreaterThan(0);
    const [row] = await auth.sql`SELECT sealed_private_jwk, public_jwk FROM auth.signing_keys`;
    expect(row?.sealed_private_jwk).toMatch(/^eyJ[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(row?.public_jwk).not.toHaveProperty("d");
  });

  test("eight processes that start at once on an empty database make one key", async () => {
    const fresh = await startAuth();
    try {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => fresh.anotherProcess().get("/auth/.well-known/jwks.json")),
      );
      const kids = new Set(answers.flatMap(({ body }) => jwks.parse(body).keys.map(({ kid }) => kid)));
      expect(kids.size).toBe(1);
      expect((await fresh.sql`SELECT kid FROM auth.signing_keys`).length).toBe(1);
    } finally {
      await fresh.stop();
    }
  });
});

describe("POST /auth/admin/keys/rotate", () => {
  test("the next key is published before it signs, and the old one until its tokens are gone", async () => {
    const person = await register(auth);
    const before = await published();
    const { kid, signsFrom } = z.object({ kid: z.string(), signsFrom: z.iso.datetime() }).parse((await rotate()).body);
    expect(Date.parse(signsFrom) - Date.now()).toBeGreaterThan(60_000);
    expect((await published()).keys.map((key) => key.kid)).toEqual([...before.keys.map((key) => key.kid), kid]);
    expect(kidOf((await login(auth, person)).token)).toBe(kidOf(person.token));

    const again = await rotate();
    expect(again.body).toMatchObject({ kid });

    // Its hour comes: new tokens are signed by it, old tokens still verify.
    await auth.sql`
      UPDATE auth.signing_keys SET signs_from = signs_from - (${signsFrom}::timestamptz - now()) - interval '1 second'`;
    const late = auth.anotherProcess();
    const token = tokensIn(await late.post("/auth/login", { email: person.email, password: person.password })).token;
    expect(kidOf(token)).toBe(kid);
    expect((await late.get("/auth/me", token)).status).toBe(200);
    expect((await late.get("/auth/me", person.token)).status).toBe(200);

    // The last token of the old key has died: it is published no more, and verifies nothing.
    await auth.sql`UPDATE auth.signing_keys SET published_until = now() - interval '1 second' WHERE kid <> ${kid}`;
    const later = auth.anotherProcess();
    expect(jwks.parse((await later.get("/auth/.well-known/jwks.json")).body).keys.map((key) => key.kid)).toEqual([kid]);
    expect((await later.get("/auth/me", person.token)).status).toBe(401);
    expect((await later.get("/auth/me", token)).status).toBe(200);
  });

  test("a key that has signed for thirty days makes room by itself, once for all processes", async () => {
    const fresh = await startAuth();
    try {
      await fresh.get("/auth/.well-known/jwks.json");
      await fresh.sql`UPDATE auth.signing_keys SET signs_from = now() - interval '30 days 1 minute'`;
      const processes = Array.from({ length: 4 }, () => fresh.anotherProcess());
      await Promise.all(processes.map((one) => one.get("/auth/.well-known/jwks.json")));
      const rows =
        await fresh.sql`SELECT signs_from > now() AS waits, published_until FROM auth.signing_keys ORDER BY signs_from`;
      expect(rows).toMatchObject([
        { waits: false, published_until: expect.any(Date) },
        { waits: true, published_until: null },
      ]);
    } finally {
      await fresh.stop();
    }
  });
});
