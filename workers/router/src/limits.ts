import { type Allowance, type Limit, RateLimiter, SharedCount, type Sharing } from "@trivet/platform/limits";
import { redisBinding } from "@trivet/platform/redis";
import type { Env } from "./env.ts";
import type { Destination } from "./public-path.ts";

/** What takes a password, a code or a token: guessing is made expensive. */
const credentials =
  /^\/auth\/(?:login|register|session|refresh|confirm|api-keys|verify-email(?:\/resend)?|magic-link(?:\/login)?|oauth\/[\w-]+\/link|password\/[\w-]+|2fa\/[\w-]+|passkeys\/(?:login|register)(?:\/options)?)$/;

/** Who is held to which limit. Without a user it is the address that counts. */
export type Tier = "anonymous" | "user" | "moderator" | "admin" | "service";

/** Who is counted: the user or service where one is known, else the address. */
export interface Counted {
  id: string | undefined;
  tier: Tier;
  address: string;
}

type Kind = "reads" | "writes";

const minute = 60_000;

/** What a tier may read in a minute: a variable, and how many times as much. */
const reads: Readonly<Record<Tier, readonly [variable: "RATE_LIMIT_ADDRESS" | "RATE_LIMIT_USER", times: number]>> = {
  anonymous: ["RATE_LIMIT_ADDRESS", 1],
  user: ["RATE_LIMIT_USER", 1],
  moderator: ["RATE_LIMIT_USER", 2],
  admin: ["RATE_LIMIT_USER", 5],
  service: ["RATE_LIMIT_USER", 10],
};

/** Of what may be read, the part that may be written: a write costs more, and is what abuse is made of. */
const writesPerRead = 1 / 2;

const tiers: readonly Tier[] = ["anonymous", "user", "moderator", "admin", "service"];
const readMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/** The limiters of every tier and kind, and the count they share with other processes where there is a Redis. */
export class Limits {
  readonly #credentials: RateLimiter;
  readonly #limiters: ReadonlyMap<string, RateLimiter>;
  readonly #count: SharedCount | undefined;

  constructor(env: Env) {
    this.#credentials = new RateLimiter({ name: "credentials", limit: env.RATE_LIMIT_CREDENTIALS, length: 5 * minute });
    this.#limiters = new Map(
      tiers.flatMap((tier) => limitsOf(tier, env)).map((one) => [one.name, new RateLimiter(one)]),
    );
    const redis = redisBinding(env);
    // Of a Redis inside the process nobody else knows. Two systems on one Redis are told apart by their addresses.
    const prefix = `trivet:limit:${new URL(env.PUBLIC_URL).host}`;
    // Only a host's Redis may serve several requests with one answer; on Workers I/O is each invocation's own.
    this.#count = redis?.shared ? new SharedCount(redis, prefix, redis === env.REDIS) : undefined;
  }

  /** Counts a request against the limit of its class: credentials by address, else by user, else by address. */
  take(method: string, to: Destination, caller: Counted, work: Pick<Sharing, "waitUntil">) {
    const kind = classOf(method, to);
    if (kind === "credentials") return this.#credentials.take(caller.address, this.#sharing(work));
    return this.#take(caller.tier, kind, caller.id ?? caller.address, work);
  }

  /** Counts what an address does before it is known who is behind it. */
  takeUnknown(address: string, work: Pick<Sharing, "waitUntil">): Allowance | Promise<Allowance> {
    return this.#take("anonymous", "reads", address, work);
  }

  #take(tier: Tier, kind: Kind, key: string, work: Pick<Sharing, "waitUntil">): Allowance | Promise<Allowance> {
    const limiter = this.#limiters.get(nameOf(tier, kind));
    if (!limiter) throw new Error(`There is no limit for ${kind} of ${tier}`);
    return limiter.take(key, this.#sharing(work));
  }

  readonly #sharing = ({ waitUntil }: Pick<Sharing, "waitUntil">): Sharing | undefined =>
    this.#count && { count: this.#count, waitUntil };
}

/** What kind of request it is: what takes a password, a code or a token, what reads, what writes. */
export function classOf(method: string, to: Destination): "credentials" | "reads" | "writes" {
  if (method === "POST" && credentials.test(to.path)) return "credentials";
  return readMethods.has(method) ? "reads" : "writes";
}

const nameOf = (tier: Tier, kind: Kind): string => `${tier}-${kind}`;

function limitsOf(tier: Tier, env: Env): Limit[] {
  const [variable, times] = reads[tier];
  const limit = env[variable] * times;
  const written = Math.max(1, Math.floor(limit * writesPerRead));
  return [
    { name: nameOf(tier, "reads"), limit, length: minute },
    { name: nameOf(tier, "writes"), limit: written, length: minute },
  ];
}

/** The limits in words, for whoever reads the documents. */
export const limitsInWords = ({ RATE_LIMIT_USER, RATE_LIMIT_ADDRESS, RATE_LIMIT_CREDENTIALS }: Env): string =>
  `A user may read ${RATE_LIMIT_USER} times a minute, moderators and administrators more, an address without a user ` +
  `${RATE_LIMIT_ADDRESS} times; everybody may write half as often. At what takes a password, a code or a token an address ` +
  `may try ${RATE_LIMIT_CREDENTIALS} times in five minutes.`;
