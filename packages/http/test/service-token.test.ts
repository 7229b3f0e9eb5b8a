import { access, clientAddress, createWorker, defineService, json, routesFor, serviceEnv } from "@trivet/http";
import { mintServiceToken } from "@trivet/platform";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type Issuer, KeyServer, newIssuer, publicUrl } from "./fixture/issuer.ts";
import { bearer, posting, problemOf, type Running, run, serviceSecret } from "./fixture/running.ts";

let issuer: Issuer;
let service: Running;

beforeAll(async () => {
  issuer = await newIssuer();
  service = run({ AUTH: new KeyServer(issuer) });
});

const path = "/toy/internal/echo/2";
const word = JSON.stringify({ word: "ha" });
const now = () => Math.floor(Date.now() / 1_000);

const say = (token?: string, body = word): Promise<Response> =>
  service.send(path, posting(body, token === undefined ? {} : { "x-service-token": token }));

const made = (claims: object = {}, header: object = {}, secret = serviceSecret): Promise<string> =>
  new SignJWT({ type: "service", iss: "users", aud: "toy", iat: now(), exp: now() + 300, ...claims })
    .setProtectedHeader({ alg: "HS256", typ: "service+jwt", ...header })
    .sign(new TextEncoder().encode(secret));

describe("a route between services", () => {
  test("is served to a service on its list", async () => {
    const response = await say(await mintServiceToken("users", "toy", serviceSecret));
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ said: "haha" });
  });

  test("serves query and parameters as its contract says", async () => {
    const token = await mintServiceToken("router", "toy", serviceSecret);
    const response = await service.send("/toy/internal/echo/1?loud=yes", posting(word, { "x-service-token": token }));
    expect(await response.json()).toEqual({ said: "ha!" });
  });

  test.each([
    ["no token", undefined],
    ["an empty token", ""],
  ])("answers 401 Service token required with %s", async (_, token) => {
    const response = await say(token);
    expect(response.status).toBe(401);
    expect(await problemOf(response)).toMatchObject({
      error: "Service token required",
      code: "service_token_required",
    });
  });

  const forgeries: [string, () => Promise<string>][] = [
    ["another secret", () => made({}, {}, "another-secret-that-is-long-enough-as-well")],
    ["another audience", () => made({ aud: "users" })],
    ["a list of audiences", () => made({ aud: ["toy", "users"] })],
    ["no audience", () => made({ aud: undefined })],
    ["no issuer", () => made({ iss: undefined })],
    ["a service that is not on the list", () => made({ iss: "posts" })],
    ["itself", () => made({ iss: "toy" })],
    ["another type of claims", () => made({ type: "user" })],
    ["expired", () => made({ iat: now() - 400, exp: now() - 10 })],
    ["issued in the future", () => made({ iat: now() + 60 })],
    ["a lifetime of over an hour", () => made({ exp: now() + 3_700 })],
    ["no expiry", () => made({ exp: undefined })],
    ["no time of issue", () => made({ iat: undefined })],
    ["typ JWT", () => made({}, { typ: "JWT" })],
    ["a user's typ", () => made({}, { typ: "at+jwt" })],
    ["HS512", () => made({}, { alg: "HS512" })],
    ["an extra header", () => made({}, { jku: "http://evil.test" })],
    ["a user's access token", () => issuer.token()],
    ["an administrator's access token", () => issuer.token({ role: "admin" })],
    ["garbage", async () => "garbage"],
    ["a megabyte", async () => "A".repeat(1_000_000)],
  ];

  test.each(forgeries)("answers 403 Invalid service token with %s", async (_, forge) => {
    const response = await say(await forge());
    expect(response.status).toBe(403);
    expect(await problemOf(response)).toMatchObject({ error: "Invalid service token", code: "service_token_invalid" });
  });

  test("is closed to users, whose token in its own header does not help", async () => {
    const { headers } = bearer(await issuer.token({ role: "admin" }));
    const response = await service.send(path, posting(word, { ...(headers as Record<string, string>) }));
    expect(response.status).toBe(401);
  });

  test("tells a stranger nothing of its contract", async () => {
    const response = await say(undefined, '{"wrong":1}');
    expect((await problemOf(response)).code).toBe("service_token_required");
  });

  test("validates what a service sends", async () => {
    const response = await say(await made(), '{"word":1,"more":2}');
    expect(response.status).toBe(400);
    expect((await problemOf(response)).errors?.map(({ pointer }) => pointer).toSorted()).toEqual(["/more", "/word"]);
  });
});

describe("a service token at a user's route", () => {
  test("stands for no user, in either header", async () => {
    const token = await made();
    expect((await service.send("/toy/me", bearer(token))).status).toBe(401);
    expect((await service.send("/toy/me", { headers: { "x-service-token": token } })).status).toBe(401);
    const guest = await service.send("/toy/guest", { headers: { "x-service-token": token } });
    expect(await guest.json()).toEqual({ kind: "anonymous" });
  });
});

describe("clientAddress", () => {
  const { route } = routesFor<undefined>();
  const told = route(
    {
      method: "get",
      path: "/door/address",
      summary: "Tell the client's address",
      access: access.anyone,
      responses: { 200: json(z.object({ address: z.string() })) },
    },
    async (c) => c.json({ address: (await clientAddress(c)) ?? "not known" }, 200),
  );
  const door = createWorker(
    defineService({ name: "door", version: "1", summary: "", env: serviceEnv, deps: () => undefined, routes: [told] }),
  );
  const env = { PUBLIC_URL: publicUrl, SERVICE_JWT_SECRET: serviceSecret };
  const ask = async (headers: Record<string, string>): Promise<unknown> => {
    const request = new Request("http://door/door/address", { headers });
    const response = await door.fetch(request, env, { waitUntil: () => undefined });
    return await response.json();
  };

  test("is believed from the router", async () => {
    const token = await mintServiceToken("router", "door", serviceSecret);
    expect(await ask({ "x-client-ip": "203.0.113.9", "x-service-token": token })).toEqual({ address: "203.0.113.9" });
  });

  test.each([
    ["a stranger", async () => undefined],
    ["another service", () => mintServiceToken("users", "door", serviceSecret)],
    ["the router's token for another service", () => mintServiceToken("router", "users", serviceSecret)],
    ["a forged token", async () => "forged"],
  ])("is not believed from %s", async (_, token) => {
    const sent = await token();
    const headers = { "x-client-ip": "203.0.113.9", "x-forwarded-for": "203.0.113.9" };
    expect(await ask({ ...headers, ...(sent !== undefined && { "x-service-token": sent }) })).toEqual({
      address: "not known",
    });
  });
});
