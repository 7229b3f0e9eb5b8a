import { mintServiceToken } from "@trivet/platform";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { client } from "../../src/client.ts";
import { type OutsideMessage, outsideMessage, readOutside } from "../../src/encryption/outsider.ts";
import { register } from "../../src/people.ts";
import { runtimes, withoutLimits } from "../../src/system/shared-systems.ts";
import { type System, startSystem } from "../../src/system/start-system.ts";

type Sent = Pick<OutsideMessage, "key" | "method" | "target" | "callee"> &
  Partial<OutsideMessage> & { headers?: Record<string, string>; prefix?: string; message?: string };

/** Sends an encrypted request as a program outside does that has been given a key. */
async function send(url: string, { headers = {}, prefix = "", message, ...sent }: Sent): Promise<Response> {
  const hasBody = sent.content !== undefined;
  const type = hasBody ? { type: "application/json" } : {};
  const text = message ?? (await outsideMessage({ caller: "outsider", ...type, ...sent }));
  const place: Record<string, string> = hasBody
    ? { "content-type": "application/jose" }
    : { "x-encrypted-message": text };
  return await fetch(url + prefix + sent.target, {
    method: sent.method,
    headers: { "x-service-communication": "encrypted", ...place, ...headers },
    ...(hasBody && { body: text }),
  });
}

describe.for(inject("systems"))("on $runtime, in one process", ({ url, secrets }) => {
  const api = client(url);
  const login = (content: object) => ({
    ...{ key: secrets.AUTH_KEY, method: "POST", target: "/auth/login", callee: "auth" },
    content: JSON.stringify(content),
  });

  test("a program with the keys logs in and reads a profile, encrypted both ways through the router", async () => {
    const { username, password, email } = await register(api);
    const entered = await send(url, { ...login({ username, password }), prefix: "/api/v1" });
    const entry = await readOutside(entered, secrets.AUTH_KEY);
    expect(entry.header).toMatchObject({
      typ: "trivet-response+jwe",
      status: 200,
      aud: "outsider",
      htu: "/auth/login",
    });
    const { access_token: token } = JSON.parse(entry.text);
    const read = await send(url, {
      ...{ key: secrets.USERS_KEY, method: "GET", target: "/users/profile", callee: "users" },
      headers: { authorization: `Bearer ${token}` },
    });
    expect(read.status).toBe(200);
    expect(JSON.parse((await readOutside(read, secrets.USERS_KEY)).text)).toMatchObject({ username, email });
  });

  test("an answer is encrypted for who asks for that, a refusal too", async () => {
    const { username, password } = await register(api);
    for (const [sent, status] of [
      [{ username, password }, 200],
      [{ username, password: "another" }, 401],
      [{ username }, 400],
    ] as const) {
      const headers = { "content-type": "application/json", "x-encrypt-response": "true" };
      const answer = await fetch(`${url}/auth/login`, { method: "POST", headers, body: JSON.stringify(sent) });
      expect(answer.status).toBe(status);
      expect(answer.headers.get("content-type")).toBe("application/jose");
      const { text } = await readOutside(answer, secrets.AUTH_KEY);
      expect(JSON.parse(text)).toHaveProperty(status === 200 ? "access_token" : "code");
    }
  });

  test("what has come before, is late, was changed or is for another route is refused", async () => {
    const { username, password } = await register(api);
    const right = login({ username, password });
    const code = async (answer: Response) => Object(await answer.json()).code;
    const message = await outsideMessage({ caller: "outsider", type: "application/json", ...right });
    expect((await send(url, { ...right, message })).status).toBe(200);
    expect((await send(url, { ...right, message })).status).toBe(409);
    const iat = Math.floor(Date.now() / 1_000) - 300;
    expect(await code(await send(url, { ...right, header: { iat, exp: iat + 60 } }))).toBe("encryption_expired");
    const changed = message.replace(/..$/, (end) => (end === "AA" ? "BA" : "AA"));
    expect(await code(await send(url, { ...right, message: changed }))).toBe("decryption_failed");
    expect(await code(await send(url, { ...right, header: { htu: "/auth/register" } }))).toBe("decryption_failed");
    expect(await code(await send(url, { ...right, key: secrets.USERS_KEY }))).toBe("decryption_failed");
  });

  test("an API key is exchanged, which router and auth do encrypted", async () => {
    const ada = await register(api);
    const made = await api.post(
      "/auth/api-keys",
      { name: "reader", scopes: ["users:read"], password: ada.password },
      ada.token,
    );
    expect(made.status, made.text).toBe(201);
    const { key } = Object(made.body);
    expect((await api.request("GET", "/users/profile", { headers: { "x-api-key": key } })).status).toBe(200);
  });
});

/** `wrangler dev` runs all Workers together; split is a matter of the host's runtimes. */
const splitRuntimes = runtimes.filter((runtime) => runtime !== "workerd");

describe.for(splitRuntimes)("on %s, one process a service", (runtime) => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ runtime, split: true, env: withoutLimits });
  });
  afterAll(() => system?.stop());

  test("an account is read encrypted or not at all, and nobody on the way reads it", async () => {
    const ada = await register(client(system.url));
    const { AUTH_KEY: key, SERVICE_JWT_SECRET: secret } = system.secrets;
    const target = `/auth/internal/accounts/${ada.id}`;
    const token = { "x-service-token": await mintServiceToken("users", "auth", secret) };
    const plain = await fetch(`${system.urls.auth}${target}`, { headers: token });
    expect(plain.status).toBe(400);
    expect(await plain.json()).toMatchObject({ code: "encryption_required" });
    const asked = { key, method: "GET", target, caller: "users", callee: "auth", headers: token };
    const sealed = await send(system.urls.auth ?? "", asked);
    const wire = await sealed.clone().text();
    expect(wire.split(".")).toHaveLength(5);
    expect(JSON.parse((await readOutside(sealed, key)).text)).toMatchObject({ id: ada.id, email: ada.email });
  });

  test("who deletes a profile deletes the account, by a call of users that is encrypted", async () => {
    const api = client(system.url);
    const ada = await register(api);
    expect((await api.delete("/users/profile", ada.token)).status).toBe(204);
    expect((await api.post("/auth/login", { username: ada.username, password: ada.password })).status).toBe(401);
  });
});
