import type { InvocationContext } from "@trivet/platform";
import { isEventStream } from "../client.ts";

/** Runs work as one invocation of a Worker, and waits for what it leaves behind, but for an event stream: that has no end. */
export async function invocation<T>(work: (ctx: InvocationContext) => T | Promise<T>): Promise<T> {
  const pending: Promise<unknown>[] = [];
  const result = await work({ waitUntil: (promise) => void pending.push(promise) });
  if (result instanceof Response && isEventStream(result)) return result;
  // What still goes on while a body is read ends with the body.
  if (result instanceof Response) await result.clone().arrayBuffer();
  await Promise.all(pending);
  return result;
}
