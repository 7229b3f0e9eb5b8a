import {
  configureLogging,
  createCall,
  type Invocation,
  jsonLines,
  KeyRing,
  keyRingsIn,
  mintServiceToken,
  newTrace,
  serviceLogger,
  Upstreams,
} from "@trivet/platform";
import postgres from "postgres";
import { afterAll } from "vitest";
import { createTestDatabase } from "../../src/database/create-test-database.ts";
import { type OutsideMessage, outsideMessage } from "../../src/encryption/outsider.ts";
import { vault, vaultSchema } from "../../src/encryption/vault.ts";
import { keeping } from "../../src/service/keeping.ts";

export const secret = "known-to-the-vault-alone-and-long-enough";
export const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
export const other = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8";
export const canary = "canary-7d41-in-the-content";

export const logged: string[] = [];
configureLogging({ level: "trace", sinks: { memory: (record) => logged.push(jsonLines(record)) } });

const database = await createTestDatabase();
const sql = postgres(database.adminUrl, { max: 2, onnotice: () => {} });
await sql.unsafe(vaultSchema);
const { keep, close } = keeping();
afterAll(async () => {
  await close();
  await sql.end();
  await database.drop();
});

/** What one process of the service is given: a pool of its own, and whichever keys. */
export const processOf = (keys: string) => ({
  PUBLIC_URL: "http://vault.test",
  SERVICE_JWT_SECRET: secret,
  LOG_LEVEL: "trace",
  VAULT_KEY: keys,
  DB: { connectionString: database.adminUrl, keep },
});
export const first: object = processOf(key);
export const second: object = processOf(key);

export const fetchFrom = async (env: object, request: Request): Promise<Response> =>
  await vault.fetch(request, env, { waitUntil: () => undefined });

const upstreams = new Upstreams();
export const invocation = (): Invocation => ({
  service: "shop",
  requestId: "req-1",
  trace: newTrace(),
  deadline: Date.now() + 10_000,
  actor: { kind: "anonymous" },
  log: serviceLogger("shop"),
  upstreams,
  waitUntil: () => undefined,
  defer: () => undefined,
});
export const rings = (keys = key) => keyRingsIn({ VAULT_KEY: KeyRing.parse(keys) });

/** Everything that went over the wire, as whoever listens has it. */
export interface Wire {
  requests: { url: string; method: string; headers: Headers; body: string }[];
  responses: { status: number; headers: Headers; body: string }[];
}

/** The binding to the service, with somebody in between who listens, and may put in an answer of their own. */
export function wiretapped(env: () => object, change = async (answer: Response): Promise<Response> => answer) {
  const wire: Wire = { requests: [], responses: [] };
  const binding = {
    async fetch(request: Request): Promise<Response> {
      const copy = request.clone();
      wire.requests.push({ url: copy.url, method: copy.method, headers: copy.headers, body: await copy.text() });
      const answer = await fetchFrom(env(), request);
      const seen = answer.clone();
      wire.responses.push({ status: seen.status, headers: seen.headers, body: await seen.text() });
      return await change(answer);
    },
  };
  return { wire, binding };
}

export const call = (keys?: string) => createCall(invocation(), secret, rings(keys));

interface Sent extends Partial<OutsideMessage> {
  env?: object;
  /** The message instead of one that is made. */
  message?: string;
  headers?: Record<string, string>;
  token?: string | null;
}

/** Sends an encrypted POST that is right in all respects but the given ones. */
export async function send({ env = first, message, headers = {}, token, ...changes }: Sent = {}): Promise<Response> {
  const { method = "POST", target = "/vault/internal/notes" } = changes;
  const right = { key, method, target, caller: "shop", callee: "vault", content: '{"text":"hello"}' };
  const text = message ?? (await outsideMessage({ ...right, type: "application/json", ...changes }));
  const all = new Headers({ "x-service-communication": "encrypted", "content-type": "application/jose", ...headers });
  if (token !== null) all.set("x-service-token", token ?? (await mintServiceToken("shop", "vault", secret)));
  return await fetchFrom(
    env,
    new Request(`http://vault/vault/internal/notes`, { method: "POST", headers: all, body: text }),
  );
}

export const codeOf = async (response: Response): Promise<unknown> => Object(await response.json()).code;
