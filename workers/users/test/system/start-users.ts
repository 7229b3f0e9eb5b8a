import { type Envelope, userCreated, userDeleted } from "@trivet/contracts";
import { newId } from "@trivet/platform";
import {
  type Answer,
  envelopeOf,
  newIssuer,
  type Service,
  sendSealed,
  startService,
  writtenQueue,
} from "@trivet/testing";
import worker from "../../src/worker.ts";
import { type AuthStandIn, authStandIn } from "./auth-stand-in.ts";

export type { Answer };

export interface Person {
  id: string;
  username: string;
  token: string;
}

interface SentEvent {
  event: string;
  subject: string;
  data: unknown;
}

/** The users service by itself, beside a stand-in for auth. */
export interface UsersSystem extends Pick<Service, "sql" | "tokenOf" | "request" | "tick" | "stop"> {
  auth: AuthStandIn;
  /** A GET as a service makes it that talks encrypted. */
  encrypted(service: string, path: string, options: { headers: Record<string, string> }): Promise<Answer>;
  /** An account, its token, and its profile. */
  person(name?: string): Promise<Person>;
  /** An account and its token; users has not heard of it. */
  account(name?: string): Promise<Person>;
  /** Delivers an event through the inbox; what its handler said of it. */
  deliver(envelope: Envelope): Promise<"acknowledged" | "to come again">;
  created(id: string): Envelope;
  deleted(id: string): Envelope;
  /** The events announced since the last time this was asked, in order. */
  events(): Promise<SentEvent[]>;
}

export async function startUsers(): Promise<UsersSystem> {
  const issuer = await newIssuer();
  const auth = authStandIn(issuer);
  const env = { AUTH: auth.binding, EVENTS_QUEUE: writtenQueue().binding };
  const service = await startService("users", worker, env, issuer);
  let [made, told] = [0, 0];
  const system: UsersSystem = {
    ...service,
    auth,
    encrypted: (from, path, { headers }) =>
      sendSealed(service.fetch, { from, to: "users", method: "GET", path, headers }),
    async account(name = "person") {
      made += 1;
      const username = `${name}${made}`;
      const id = newId();
      const createdAt = new Date().toISOString();
      auth.accounts.set(id, { id, username, name, email: `${username}@example.com`, role: "user", createdAt });
      return { id, username, token: await service.tokenOf({ id, username }) };
    },
    async person(name) {
      const person = await system.account(name);
      await service.hear(system.created(person.id));
      return person;
    },
    async deliver(envelope) {
      const [verdict] = await service.deliver([envelope]);
      return verdict?.kind === "ack" ? "acknowledged" : "to come again";
    },
    created: (userId) => envelopeOf(userCreated, userId, { userId }),
    deleted: (userId) => envelopeOf(userDeleted, userId, { userId }),
    async events() {
      const fresh = (await service.announced()).slice(told);
      told += fresh.length;
      return fresh;
    },
  };
  return system;
}
