import { type Envelope, getUserCount, inboxQueueOf } from "@trivet/contracts";
import { access, createWorker, defineService, encryptionKeys, json, routesFor, serviceEnv } from "@trivet/http";
import {
  mintServiceToken,
  newId,
  type QueueMessage,
  type Role,
  type ServiceBinding,
  saysEncrypted,
  sealRequest,
} from "@trivet/platform";
import { createTestDatabase } from "@trivet/testing";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import postgres from "postgres";
import { z } from "zod";
import worker from "../../src/worker.ts";

export interface Answer {
  status: number;
  headers: Headers;
  /** The parsed body, where it is JSON. */
  body: unknown;
  text: string;
}

export interface RequestOptions {
  as?: Person;
  body?: unknown;
  /** Sent as it is. */
  raw?: string;
  headers?: Record<string, string>;
  /** The address from which the router says that it comes. */
  address?: string;
}

export interface Person {
  id: string;
  token: string;
}

/** The analytics service on a database of its own; auth and users answer from memory over the real contracts. */
export interface AnalyticsSystem {
  sql: postgres.Sql;
  /** What the users service answers; undefined while it is down. */
  users: { count: number | undefined };
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  person(role?: Role): Promise<Person>;
  /** As another service calls. */
  call(from: string, path: string, body: unknown): Promise<Answer>;
  /** Delivers an event as its publisher would. */
  deliver(envelope: Envelope): Promise<void>;
  /** Runs a cron as the host does at its ticks. */
  tick(cron: "* * * * *" | "0 * * * *"): Promise<void>;
  stop(): Promise<void>;
}

export const siteKey = "blog-site-key-0001";
export const siteOrigin = "https://blog.example.com";

const settings = {
  PUBLIC_URL: "http://localhost:8787",
  SERVICE_JWT_SECRET: "0123456789abcdef0123456789abcdef0123",
  ANALYTICS_KEY: "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8",
  LOG_LEVEL: "fatal",
  ANALYTICS_SITES: JSON.stringify([{ name: "blog", key: siteKey, origins: [siteOrigin] }]),
  ANALYTICS_RETENTION_DAYS: "30",
};

export async function startAnalytics(): Promise<AnalyticsSystem> {
  const database = await createTestDatabase();
  const sql = postgres(database.adminUrl, { max: 2, onnotice: () => {} });
  const closers: (() => Promise<void>)[] = [];
  const keep = <T>(open: () => T, close: (resource: T) => Promise<void>): T => {
    const resource = open();
    closers.push(() => close(resource));
    return resource;
  };
  const { publicKey, privateKey } = await generateKeyPair("EdDSA");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "test", alg: "EdDSA", use: "sig" }] };
  const users = { count: 3 as number | undefined };
  const env = {
    ...settings,
    DB: { connectionString: database.urls.analytics, keep },
    AUTH: authStandIn(jwks),
    USERS: usersStandIn(users),
  };

  const send = async (method: string, path: string, headers: Headers, body: string | undefined): Promise<Answer> => {
    const pending: Promise<unknown>[] = [];
    const request = new Request(`http://analytics${path}`, { method, headers, ...(body !== undefined && { body }) });
    const response = await worker.fetch(request, env, { waitUntil: (promise) => void pending.push(promise) });
    const text = await response.text();
    await Promise.all(pending);
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  };

  const call: AnalyticsSystem["call"] = async (from, path, body) => {
    const url = `http://analytics/analytics/internal${path}`;
    const plain = { self: from, callee: "analytics", method: "POST", url, body: JSON.stringify(body) };
    const sealed = await sealRequest(plain, encryptionKeys.parse(settings.ANALYTICS_KEY));
    const token = await mintServiceToken(from, "analytics", settings.SERVICE_JWT_SECRET);
    const headers = { "x-service-token": token, ...sealed.headers };
    const request = new Request(url, { method: "POST", headers, body: sealed.body ?? "" });
    const answer = await worker.fetch(request, env, { waitUntil: () => {} });
    const response = saysEncrypted(answer.headers) ? await sealed.open(answer) : answer;
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: text === "" ? undefined : JSON.parse(text),
    };
  };

  return {
    sql,
    users,
    async request(method, path, { as, body, raw, headers, address } = {}) {
      const all = new Headers(headers);
      if (as) all.set("authorization", `Bearer ${as.token}`);
      if (address !== undefined) {
        all.set("x-client-ip", address);
        all.set("x-service-token", await mintServiceToken("router", "analytics", settings.SERVICE_JWT_SECRET));
      }
      if (body !== undefined && !all.has("content-type")) all.set("content-type", "application/json");
      return await send(method, path, all, raw ?? (body === undefined ? undefined : JSON.stringify(body)));
    },
    async person(role = "user") {
      const id = newId();
      const token = await new SignJWT({ sid: id, role, username: "somebody" })
        .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "test" })
        .setIssuer(settings.PUBLIC_URL)
        .setAudience("trivet")
        .setSubject(id)
        .setIssuedAt()
        .setExpirationTime("10m")
        .setJti(id)
        .sign(privateKey);
      return { id, token };
    },
    call,
    async deliver(envelope) {
      const pending: Promise<unknown>[] = [];
      const verdicts: string[] = [];
      const message: QueueMessage = {
        ...{ id: newId(), timestamp: new Date(), attempts: 1, body: envelope },
        ack: () => void verdicts.push("acknowledged"),
        retry: () => void verdicts.push("to come again"),
      };
      const batch = { queue: inboxQueueOf("analytics"), messages: [message], ackAll: () => {}, retryAll: () => {} };
      await worker.queue(batch, env, { waitUntil: (promise) => void pending.push(promise) });
      await Promise.all(pending);
      if (verdicts[0] !== "acknowledged") throw new Error(`${envelope.event} is ${verdicts[0]}.`);
    },
    async tick(cron) {
      const pending: Promise<unknown>[] = [];
      const controller = { cron, scheduledTime: Date.now(), noRetry: () => {} };
      await worker.scheduled(controller, env, { waitUntil: (promise) => void pending.push(promise) });
      await Promise.all(pending);
    },
    async stop() {
      for (const close of closers) await close();
      await sql.end();
      await database.drop();
    },
  };
}

function authStandIn(jwks: object): ServiceBinding {
  const { route } = routesFor<object>();
  const keys = route(
    {
      method: "get",
      path: "/auth/.well-known/jwks.json",
      summary: "Keys",
      access: access.anyone,
      responses: { 200: json(z.looseObject({}), "The keys") },
    },
    (c) => c.json(jwks, 200),
  );
  return bindingOf("auth", [keys]);
}

function usersStandIn(users: { count: number | undefined }): ServiceBinding {
  const { serve } = routesFor<object>();
  const binding = bindingOf("users", [serve(getUserCount, async () => ({ count: users.count ?? 0 }))]);
  return {
    fetch: async (request) => {
      if (users.count === undefined) throw new Error("connect ECONNREFUSED");
      return await binding.fetch(request);
    },
  };
}

function bindingOf(
  name: string,
  routes: Parameters<typeof defineService<z.output<typeof serviceEnv>, object>>[0]["routes"],
): ServiceBinding {
  const standIn = createWorker(
    defineService({ name, version: "0.0.0", summary: "", env: serviceEnv, deps: () => ({}), routes }),
  );
  return { fetch: async (request) => await standIn.fetch(request, settings, { waitUntil: () => {} }) };
}
