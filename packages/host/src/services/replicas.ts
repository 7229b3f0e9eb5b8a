import { Breaker, type BreakerOptions, ReplicaLost, type ServiceBinding, TrivetError } from "@trivet/platform";
import { hostLog } from "../logs/index.ts";
import { NeverSent } from "./never-sent.ts";

/** A service in other processes. */
export interface HttpBinding extends ServiceBinding {
  close(): Promise<void>;
}

/** How a runtime speaks HTTP. */
export interface HttpClient<Body> {
  /** What to send as the body of a request: fit to be sent to another address when nothing of it went out. */
  bodyOf(request: Request): Promise<Body> | Body;
  open(url: URL, options: LineOptions): Line<Body>;
}

export interface LineOptions {
  /** Milliseconds in which a connection has to be made. */
  connectTimeout: number;
}

/** The kept connections to one address. */
export interface Line<Body> {
  /** Rejects with `NeverSent` where nothing of the request went out. */
  send(request: Request, body: Body | null): Promise<Response>;
  close(): Promise<void>;
}

/** Failures in a row after which a replica is left out, and milliseconds until it is probed. */
const outAfter: BreakerOptions = { threshold: 3, cooldown: 1_000 };
const never: BreakerOptions = { threshold: Number.POSITIVE_INFINITY };

const usualConnectTimeout = 5_000;
/** Where somebody else can be asked instead. */
const hastyConnectTimeout = 1_000;

/**
 * The binding to a service that answers at these addresses. Of several replicas it asks the one that owes it the fewest
 * answers; one that breaks off several times in a row is left out until it answers a probe. A request of which nothing
 * went out goes to the next, whatever its method. Nothing else is tried again here: that is the caller's decision.
 */
export function replicatedBinding<Body>(service: string, urls: readonly URL[], client: HttpClient<Body>): HttpBinding {
  // Where there is nobody else to ask, nobody is left out.
  const isAlone = urls.length === 1;
  const connectTimeout = isAlone ? usualConnectTimeout : hastyConnectTimeout;
  const breaker = isAlone ? never : outAfter;
  const replicas = urls.map((url) => new Replica(service, url, client.open(url, { connectTimeout }), breaker));
  const choose = chooser(replicas);
  return {
    async fetch(request) {
      const { signal } = request;
      signal.throwIfAborted();
      const body = await client.bodyOf(request);
      const asked = new Set<Replica<Body>>();
      for (;;) {
        const replica = choose(asked);
        asked.add(replica);
        const outcome = await replica.ask(request, body).catch((cause: unknown) => new Failure(cause));
        if (!(outcome instanceof Failure)) return outcome;
        if (signal.aborted) throw signal.reason;
        const { cause } = outcome;
        const unsent = cause instanceof NeverSent;
        if (unsent && asked.size < replicas.length) continue;
        const othersAreWell = !unsent && replicas.some((other) => other !== replica && other.isIn);
        throw new TrivetError("unavailable", `The ${service} service cannot be reached.`, {
          cause: othersAreWell ? new ReplicaLost(cause) : cause,
          retryAfter: 1,
        });
      }
    },
    async close() {
      await Promise.all(replicas.map((replica) => replica.close()));
    },
  };
}

class Failure {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/** Of those that are in the one with the fewest requests waiting, in turn where they are even; of those that are out when none is in. */
function chooser<Body>(replicas: readonly Replica<Body>[]): (asked: ReadonlySet<Replica<Body>>) => Replica<Body> {
  let turn = 0;
  return (asked) => {
    turn = (turn + 1) % replicas.length;
    let best: Replica<Body> | undefined;
    for (let index = 0; index < replicas.length; index += 1) {
      const replica = replicas[(turn + index) % replicas.length];
      if (!replica || asked.has(replica)) continue;
      if (!replica.isIn) replica.probe();
      if (!best || isBetter(replica, best)) best = replica;
    }
    if (!best) throw new Error("A service answers at one address at least.");
    return best;
  };
}

const isBetter = <Body>(one: Replica<Body>, other: Replica<Body>): boolean =>
  one.isIn === other.isIn ? one.waiting < other.waiting : one.isIn;

const probeTimeout = 1_000;

class Replica<Body> {
  readonly #service: string;
  readonly #url: URL;
  readonly #line: Line<Body>;
  readonly #breaker: Breaker;
  #waiting = 0;

  constructor(service: string, url: URL, line: Line<Body>, breaker: BreakerOptions) {
    this.#service = service;
    this.#url = url;
    this.#line = line;
    this.#breaker = new Breaker(breaker);
  }

  get isIn(): boolean {
    return this.#breaker.state === "closed";
  }

  /** Requests whose answer has not begun. One that accepts and stays silent keeps itself unattractive. */
  get waiting(): number {
    return this.#waiting;
  }

  async ask(request: Request, body: Body): Promise<Response> {
    this.#waiting += 1;
    try {
      const response = await this.#line.send(request, body);
      this.#answered();
      return response;
    } catch (cause) {
      // Who hung up says nothing about the other side.
      if (!request.signal.aborted) this.#failed();
      throw cause;
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Asks how it is, at most once in a while; nobody waits for that. Whatever it answers, it is there. */
  probe(): void {
    if (this.#breaker.state !== "half-open" || !this.#breaker.admits()) return;
    const url = `http://${this.#service}/${this.#service}/health`;
    const request = new Request(url, { signal: AbortSignal.timeout(probeTimeout) });
    void this.#line.send(request, null).then(
      async ({ body }) => {
        this.#answered();
        await body?.cancel();
      },
      () => this.#failed(),
    );
  }

  close(): Promise<void> {
    return this.#line.close();
  }

  #answered(): void {
    if (!this.isIn) hostLog.info("{service} answers again at {address}", this.#named());
    this.#breaker.succeeded();
  }

  #failed(): void {
    const wasIn = this.isIn;
    this.#breaker.failed();
    if (wasIn && !this.isIn)
      hostLog.warn("{service} cannot be reached at {address}: it is left out until it can", this.#named());
  }

  #named = () => ({ service: this.#service, address: this.#url.origin });
}
