import { createClient, ErrorReply, MultiErrorReply } from "@redis/client";
import { beforeDeadline, TrivetError } from "@trivet/platform";
import {
  type RedisBinding,
  type RedisCommand,
  type RedisReply,
  type RedisValue,
  refusedCommand,
  unreachableRedis,
} from "@trivet/platform/redis";
import { hostLog } from "../logs/index.ts";

export interface RespBinding extends RedisBinding {
  close(): Promise<void>;
}

/** Milliseconds without a sign of life after which a connection that owes an answer is given up for a new one. */
const silence = 1_000;
const longestPause = 1_000;

/** Redis over its own protocol, on one connection that is opened at the first use and kept. */
export function respBinding(url: string): RespBinding {
  let connection: Connection | undefined;
  let closed = false;
  return {
    shared: true,
    async execute(commands, { deadline, atomic = false }) {
      if (closed) throw unreachableRedis(new Error("The connection has been closed."));
      if (connection?.given) connection = undefined;
      connection ??= new Connection(url);
      const current = connection;
      return await beforeDeadline(current.send(commands, atomic), deadline, () => current.doubt());
    },
    async close() {
      closed = true;
      connection?.destroy();
    },
  };
}

type Client = ReturnType<typeof newClient>;

const newClient = (url: string) =>
  createClient({
    url,
    RESP: 2,
    // A command that cannot go out now fails now: who sent it has other ways, or a caller that may try again.
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled",
    socket: {
      connectTimeout: silence,
      reconnectStrategy: (retries) => Math.min(longestPause, 25 * 2 ** Math.min(retries, 10)),
    },
  });

/** A connection and what is known of its health. It connects again by itself until it is given up. */
class Connection {
  readonly #client: Client;
  /** Settled once the first attempt to connect has ended, well or badly. */
  readonly #tried: PromiseWithResolvers<void> = Promise.withResolvers();
  #heardAt = 0;
  #lost = false;
  /** Whether nobody should use it any more. */
  given = false;

  constructor(url: string) {
    this.#client = newClient(url);
    this.#client.on("error", (error: unknown) => this.#lose(error));
    this.#client.on("ready", () => this.#find());
    // It rejects when it is given up, of which everybody has been told by then.
    this.#client.connect().catch(() => undefined);
  }

  async send(commands: readonly RedisCommand[], atomic: boolean): Promise<RedisReply[]> {
    await this.#tried.promise;
    return atomic ? await this.#transaction(commands) : await Promise.all(commands.map((one) => this.#one(one)));
  }

  /** Some answer is late. If nothing else comes either, the connection is dead, whatever its socket says. */
  doubt(): void {
    const since = Date.now();
    const timer = setTimeout(() => {
      if (this.given || this.#heardAt >= since) return;
      this.#lose(new Error(`Nothing came from Redis for ${silence} ms`));
      this.destroy();
    }, silence);
    timer.unref();
  }

  destroy(): void {
    this.given = true;
    if (this.#client.isOpen) this.#client.destroy();
  }

  async #one(command: RedisCommand): Promise<RedisReply> {
    try {
      const result = await this.#client.sendCommand<RedisValue>(command);
      return { result: this.#heard(result) };
    } catch (error) {
      if (error instanceof ErrorReply) return { error: this.#heard(error.message) };
      throw unreachableRedis(error);
    }
  }

  async #transaction(commands: readonly RedisCommand[]): Promise<RedisReply[]> {
    const multi = this.#client.multi();
    for (const command of commands) multi.addCommand([...command]);
    try {
      const replies: unknown[] = await multi.exec();
      return this.#heard(replies).map(replyOf);
    } catch (error) {
      if (error instanceof MultiErrorReply) return this.#heard(error.replies).map(replyOf);
      if (error instanceof ErrorReply) throw refusedCommand(this.#heard(error.message));
      throw error instanceof TrivetError ? error : unreachableRedis(error);
    }
  }

  #heard<T>(reply: T): T {
    this.#heardAt = Date.now();
    return reply;
  }

  /** Said once for each outage, not for each attempt to end it. */
  #lose(error: unknown): void {
    if (!this.#lost) hostLog.warn("Redis cannot be reached", { error });
    this.#lost = true;
    this.#tried.resolve();
  }

  #find(): void {
    if (this.#lost) hostLog.info("Redis can be reached again");
    this.#lost = false;
    this.#heardAt = Date.now();
    this.#tried.resolve();
  }
}

/** A reply of a transaction: strings, numbers, null and lists of them, or the error of one command. */
const replyOf = (reply: unknown): RedisReply =>
  reply instanceof ErrorReply ? { error: reply.message } : { result: reply as RedisValue };
