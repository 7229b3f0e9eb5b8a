import { z } from "zod";
import { TrivetError } from "../errors.ts";
import type { RedisBinding, RedisReply, RedisValue } from "./binding.ts";
import { refusedCommand, unreachableRedis } from "./faults.ts";

const value: z.ZodType<RedisValue> = z.lazy(() => z.union([z.string(), z.number(), z.null(), z.array(value)]));
const replies = z.array(z.union([z.object({ error: z.string() }), z.object({ result: value })]));
const refusal = z.object({ error: z.string() });

/**
 * Redis over the REST protocol of Upstash, for where there are no sockets. It repeats nothing: who adds to
 * a counter must not have it added twice, and only the caller knows.
 */
export function restBinding(url: string, token: string): RedisBinding {
  const base = url.replace(/\/$/, "");
  return {
    shared: true,
    async execute(commands, { deadline, atomic = false }) {
      const signal = AbortSignal.timeout(Math.max(0, deadline - Date.now()));
      try {
        const response = await fetch(`${base}/${atomic ? "multi-exec" : "pipeline"}`, {
          method: "POST",
          // Base64 keeps apart what JSON would not: values that are no valid Unicode must not fail the rest.
          headers: {
            authorization: `Bearer ${token}`,
            "content-type": "application/json",
            "upstash-encoding": "base64",
          },
          body: JSON.stringify(commands),
          signal,
        });
        return readReplies(response.status, await response.json());
      } catch (error) {
        if (error instanceof TrivetError) throw error;
        // By our own signal, because workerd rejects with an Error of no particular name.
        if (signal.aborted) throw new TrivetError("deadline_exceeded", undefined, { cause: error });
        throw unreachableRedis(error);
      }
    },
  };
}

function readReplies(status: number, body: unknown): RedisReply[] {
  const read = replies.safeParse(body);
  if (read.success)
    return read.data.map((reply) => ("error" in reply ? reply : { result: decodedReply(reply.result) }));
  const refused = refusal.safeParse(body);
  if (refused.success && status === 400) throw refusedCommand(refused.data.error);
  throw unreachableRedis(new Error(`${status} ${refused.success ? refused.data.error : "of an unknown form"}`));
}

/** A status reply of OK comes as it is, everything else that is text as base64 of its bytes. */
const decodedReply = (result: RedisValue): RedisValue => (result === "OK" ? result : decoded(result));

function decoded(result: RedisValue): RedisValue {
  if (Array.isArray(result)) return result.map(decoded);
  if (typeof result !== "string") return result;
  return new TextDecoder().decode(Uint8Array.from(atob(result), (character) => character.charCodeAt(0)));
}
