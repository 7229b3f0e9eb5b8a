import { type Envelope, inboxQueueOf } from "@trivet/contracts";
import { mintServiceToken, type WorkerModule } from "@trivet/platform";
import type postgres from "postgres";
import { type Answer, client, type RequestOptions } from "../client.ts";
import { invocation } from "./invocation.ts";
import { type Issuer, newIssuer } from "./issuer.ts";
import { type DeliverOptions, deliver, type Verdict } from "./queues.ts";
import { callSealed } from "./sealed.ts";
import { type Announced, openServiceDatabase } from "./service-database.ts";
import { serviceSettings } from "./settings.ts";

export interface ServiceRequest extends RequestOptions {
  as?: { token: string };
  /** The client's address as the router states it. */
  address?: string;
}

/** A service by itself, on a database of its own; what it needs of others stands in for them. */
export interface Service extends Pick<Issuer, "person" | "tokenOf"> {
  /** With all rights. */
  sql: postgres.Sql;
  fetch(request: Request): Promise<Response>;
  request(method: string, path: string, options?: ServiceRequest): Promise<Answer>;
  /** As another service calls a route of those below `/internal`, encrypted. */
  call(from: string, path: string, body: unknown): Promise<Answer>;
  /** Hands messages over in one batch, those of its inbox unless another queue is named. */
  deliver(bodies: readonly unknown[], options?: DeliverOptions & { queue?: string }): Promise<Verdict[]>;
  /** Delivers an event as its publisher would; rejects as its handler does. */
  hear(envelope: Envelope): Promise<void>;
  /** Runs a cron as the host does at its ticks. */
  tick(cron: string): Promise<void>;
  /** Every event that was committed to its outbox, oldest first. */
  announced(): Promise<Announced[]>;
  stop(): Promise<void>;
}

/** `more` is what the service is given beside settings, its database and, as AUTH, the keys of the issuer's tokens. */
export async function startService(
  name: string,
  worker: Required<WorkerModule<object>>,
  more: object = {},
  issuer?: Issuer,
): Promise<Service> {
  const { sql, binding, announced, drop } = await openServiceDatabase(name);
  const { person, tokenOf, binding: auth } = issuer ?? (await newIssuer());
  const env = { ...serviceSettings, DB: binding, AUTH: auth, ...more };
  const fetch = (request: Request) => invocation((ctx) => worker.fetch(request, env, ctx));
  const { request } = client(`http://${name}`, (url, init) => fetch(new Request(url, init)));
  const service: Service = {
    ...{ sql, fetch, announced, person, tokenOf },
    request: async (method, path, { as, address, ...options } = {}) =>
      await request(method, path, {
        ...options,
        ...(as && { token: as.token }),
        headers: { ...options.headers, ...(address !== undefined && (await fromRouter(name, address))) },
      }),
    call: (from, path, body) =>
      callSealed(fetch, { from, to: name, method: "POST", path: `/${name}/internal${path}`, body }),
    deliver: (bodies, { queue = inboxQueueOf(name), ...options } = {}) => deliver(worker, env, queue, bodies, options),
    async hear(envelope) {
      const [verdict] = await service.deliver([envelope]);
      if (verdict?.kind !== "ack") throw verdict?.cause;
    },
    tick: (cron) =>
      invocation((ctx) => worker.scheduled({ cron, scheduledTime: Date.now(), noRetry: () => {} }, env, ctx)),
    stop: drop,
  };
  return service;
}

/** By what the router states for whom it asks. */
export const fromRouter = async (service: string, address: string): Promise<Record<string, string>> => ({
  "x-client-ip": address,
  "x-service-token": await mintServiceToken("router", service, serviceSettings.SERVICE_JWT_SECRET),
});
