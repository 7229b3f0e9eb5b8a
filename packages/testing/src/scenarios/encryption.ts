import { expect } from "vitest";
import { client } from "../client.ts";
import { type OutsideMessage, outsideMessage, readOutside } from "../encryption/outsider.ts";
import { register } from "../people.ts";
import type { System } from "../system/start-system.ts";

/** What people see of encryption, told from outside by a program that has been given keys. Rejects where it does not work. */
export interface EncryptionScenario {
  title: string;
  run(system: Pick<System, "url" | "secrets">): Promise<void>;
}

type Sent = Pick<OutsideMessage, "key" | "method" | "target" | "callee"> &
  Partial<OutsideMessage> & { headers?: Record<string, string>; prefix?: string; message?: string };

/** Sends an encrypted request as a program outside does that has been given a key. */
export async function sendEncrypted(
  url: string,
  { headers = {}, prefix = "", message, ...sent }: Sent,
): Promise<Response> {
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

const loginUnder = (key: string) => (content: object) => ({
  ...{ key, method: "POST", target: "/auth/login", callee: "auth" },
  content: JSON.stringify(content),
});

export const encryptionScenarios: readonly EncryptionScenario[] = [
  {
    title: "a program with the keys logs in and reads a profile, encrypted both ways through the router",
    async run({ url, secrets }) {
      const api = client(url);
      const login = loginUnder(secrets.AUTH_KEY);
      const { username, password, email } = await register(api);
      const entered = await sendEncrypted(url, { ...login({ username, password }), prefix: "/api/v1" });
      const entry = await readOutside(entered, secrets.AUTH_KEY);
      expect(entry.header).toMatchObject({
        typ: "trivet-response+jwe",
        status: 200,
        aud: "outsider",
        htu: "/auth/login",
      });
      const { access_token: token } = JSON.parse(entry.text);
      const read = await sendEncrypted(url, {
        ...{ key: secrets.USERS_KEY, method: "GET", target: "/users/profile", callee: "users" },
        headers: { authorization: `Bearer ${token}` },
      });
      expect(read.status).toBe(200);
      expect(JSON.parse((await readOutside(read, secrets.USERS_KEY)).text)).toMatchObject({ username, email });
    },
  },
  {
    title: "an answer is encrypted for who asks for that, a refusal too",
    async run({ url, secrets }) {
      const api = client(url);
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
    },
  },
  {
    title: "what has come before, is late, was changed or is for another route is refused",
    async run({ url, secrets }) {
      const api = client(url);
      const login = loginUnder(secrets.AUTH_KEY);
      const { username, password } = await register(api);
      const right = login({ username, password });
      const code = async (answer: Response) => Object(await answer.json()).code;
      const message = await outsideMessage({ caller: "outsider", type: "application/json", ...right });
      expect((await sendEncrypted(url, { ...right, message })).status).toBe(200);
      expect((await sendEncrypted(url, { ...right, message })).status).toBe(409);
      const iat = Math.floor(Date.now() / 1_000) - 300;
      expect(await code(await sendEncrypted(url, { ...right, header: { iat, exp: iat + 60 } }))).toBe(
        "encryption_expired",
      );
      const changed = message.replace(/..$/, (end) => (end === "AA" ? "BA" : "AA"));
      expect(await code(await sendEncrypted(url, { ...right, message: changed }))).toBe("decryption_failed");
      expect(await code(await sendEncrypted(url, { ...right, header: { htu: "/auth/register" } }))).toBe(
        "decryption_failed",
      );
      expect(await code(await sendEncrypted(url, { ...right, key: secrets.USERS_KEY }))).toBe("decryption_failed");
    },
  },
  {
    title: "an API key is exchanged, which router and auth do encrypted",
    async run({ url }) {
      const api = client(url);
      const ada = await register(api);
      const made = await api.post(
        "/auth/api-keys",
        { name: "reader", scopes: ["users:read"], password: ada.password },
        ada.token,
      );
      expect(made.status, made.text).toBe(201);
      const { key } = Object(made.body);
      expect((await api.request("GET", "/users/profile", { headers: { "x-api-key": key } })).status).toBe(200);
    },
  },
];
